from __future__ import annotations

from curation.domain.judging.photo_score import PHOTO_SCORE_COLUMNS


def test_the_columns_are_those_of_photo_scores_csv() -> None:
    assert ", ".join(PHOTO_SCORE_COLUMNS) == (
        "rank, image_path, final_score, results_string, people, main_count, important_count, other_count, "
        "unknown_count, eyes_score, smile_score, focus_score, exposure_score, people_score, vetoes, problems, error, "
        "burst_id, best_of_burst, burst_rank, pick, rating, picture_score, well_shown_count, "
        "file_rating, file_pick, file_people, file_label"
    )

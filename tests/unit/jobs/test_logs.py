from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from curation.jobs import logs as job_logs
from curation.jobs.logs import JobLogs

JOB, OTHER = "a" * 32, "b" * 32
log = logging.getLogger("curation.tests")


@pytest.fixture
def logs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> JobLogs:
    caplog.set_level(logging.INFO, "curation")
    return JobLogs(tmp_path)


def test_messages_of_the_thread_are_recorded(logs: JobLogs) -> None:
    log.info("before")
    with logs.recording(JOB):
        log.info("begins")
        thread = threading.Thread(target=log.warning, args=("from another thread",))
        thread.start()
        thread.join()
        logging.getLogger("elsewhere").warning("of another library")
        log.warning("\udcff.jpg: cut off")
    log.info("after")
    lines = logs.tail(JOB, 100).splitlines()
    assert [line.partition(" ")[2].partition(" ")[2] for line in lines] == [
        "INFO begins",
        "WARNING \\udcff.jpg: cut off",
    ]
    assert lines[0].startswith("20")


def test_two_jobs_at_a_time_have_separate_logs(logs: JobLogs) -> None:
    def work(job: str) -> None:
        with logs.recording(job):
            for number in range(50):
                log.info("%s %d", job, number)

    threads = [threading.Thread(target=work, args=(job,)) for job in (JOB, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for job in (JOB, OTHER):
        assert [line.split()[-2] for line in logs.tail(job, 100).splitlines()] == [job] * 50


def test_the_last_lines(logs: JobLogs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_logs, "_BLOCK_BYTES", 7)
    with logs.recording(JOB):
        for number in range(20):
            log.info("line %d", number)
    assert [line.split()[-1] for line in logs.tail(JOB, 3).splitlines()] == ["17", "18", "19"]
    assert len(logs.tail(JOB, 20).splitlines()) == len(logs.tail(JOB, 100_000).splitlines()) == 20


def test_a_job_without_a_log(logs: JobLogs) -> None:
    assert logs.tail(JOB, 10) == ""


@pytest.mark.parametrize("name", ["", "../jobs", "A" * 32, "a" * 31 + "/"])
def test_nothing_but_a_jobs_id_names_a_file(logs: JobLogs, name: str) -> None:
    with pytest.raises(ValueError, match="not the id of a job"):
        logs.tail(name, 10)


def test_a_folder_that_cannot_be_made_ends_no_job(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    with JobLogs(tmp_path / "file").recording(JOB):
        pass
    assert "its log cannot be written" in caplog.text


def test_logs_of_other_jobs_are_deleted(logs: JobLogs) -> None:
    for job in (JOB, OTHER):
        with logs.recording(job):
            log.info("hello")
    logs.delete_except({OTHER})
    assert logs.tail(JOB, 1) == ""
    assert logs.tail(OTHER, 1)

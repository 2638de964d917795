from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.errors import SettingsError
from curation.settings import Settings, load_settings, with_places

Overrides = dict[str, dict[str, object]]


def load(folder: Path, text: str, overrides: Overrides | None = None) -> Settings:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, default_root=folder, overrides=overrides)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CURATION_"):
            monkeypatch.delenv(name)


def test_the_projects_file_holds_every_key_with_its_default(project_root: Path, tmp_path: Path) -> None:
    data = yaml.safe_load((project_root / "config.yaml").read_text(encoding="utf-8"))
    shown = load_settings(project_root / "config.yaml", default_root=project_root)
    assert shown == load_settings(None, default_root=project_root)

    def keys(value: object) -> object:
        return {key: keys(part) for key, part in value.items()} if isinstance(value, dict) else None

    assert keys(data) == keys(Settings().model_dump())
    folders: dict[str, Any] = {
        "io": True,
        "services": {"image_dir", "log_dir", "store"},
        "assets": {"dir"},
        "video": {"dir"},
        "gallery": {"path"},
    }
    defaults = load_settings(None, default_root=tmp_path).model_dump(exclude=folders)
    assert shown.model_dump(exclude=folders) == defaults


def test_defaults_without_a_file(tmp_path: Path) -> None:
    settings = load_settings(None, default_root=tmp_path)
    assert settings.io.input_dir == tmp_path / "event_images"
    assert settings.io.output_dir == tmp_path
    assert settings.engine.name == "auto"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("io: {inputdir: x}", ["io.inputdir", "unknown key", "input_dir"]),
        ("extra: {a: 1}", ["extra", "unknown key", "clustering"]),
        ("scoring: {rules: {require_smiles: {mode: veto}}}", ["scoring.rules.require_smiles", "require_smile"]),
        ("clustering: {min_face_px: 7}", ["clustering.min_face_px", "8", "7"]),
        ("clustering: {distance_threshold: 2.1}", ["clustering.distance_threshold", "2"]),
        ("clustering: {min_sharpness: .nan}", ["clustering.min_sharpness"]),
        ("clustering: {min_face_px: many}", ["clustering.min_face_px", "integer", "'many'"]),
        ("clustering: 3", ["clustering", "3"]),
        ("engine: {name: retina}", ["engine.name", "retinaface-arcface", "dlib", "'retina'"]),
        ("engine: {providers: []}", ["engine.providers"]),
        ("engine: {dlib: 3}", ["engine.dlib"]),
        ("performance: {workers: -1}", ["performance.workers", "0"]),
        ("performance: {workers: 2.5}", ["performance.workers", "2.5"]),
        ("service: {port: 70000}", ["service.port", "65535"]),
        ("service: {token: short}", ["service.token", "16"]),
        ("service: {token: a token with spaces in it}", ["service.token", "without spaces"]),
        ("service: {log_format: xml}", ["service.log_format", "json"]),
        ("io: {input_dir: 5}", ["io.input_dir", "5"]),
        ("io: {input_dir: [a]}", ["io.input_dir"]),
        ("scoring: {weights: {eyes: 0, smile: 0, focus: 0, exposure: 0, people: 0}}", ["scoring.weights", "above 0"]),
        (
            "scoring: {category_weights: {main: 0, important: 0, other: 0, unknown: 0}}",
            ["scoring.category_weights", "more than 0"],
        ),
        ("scoring: {rules: {require_smile: {mode: on}}}", ["scoring.rules.require_smile.mode", "veto"]),
        ("scoring: {unlabelled_category: friend}", ["unlabelled_category", "important"]),
        ("video: {ethnicity: gear}", ["infer_ethnicity", "prohibited in the European Union", "ethnicity: off"]),
        ("- io", ["sections", "list"]),
        ("just text", ["sections", "str"]),
        ("io: {input_dir: [", ["YAML"]),
        ("io: !!python/object/apply:os.getcwd []", ["YAML"]),
        ("\t", ["YAML"]),
    ],
)
def test_every_mistake_is_named(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(SettingsError) as raised:
        load(tmp_path, text)
    assert raised.value.exit_code == 2
    for part in [str(tmp_path / "config.yaml"), *parts]:
        assert part in str(raised.value)


def test_a_token_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        load(tmp_path, "service: {token: a secret}")
    assert "a secret" not in str(raised.value)
    settings = load(tmp_path, "service: {token: a-secret-that-is-long}")
    assert "a-secret" not in repr(settings) + str(settings.model_dump()) + settings.model_dump_json()


def test_several_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"(?s)io\.x: .*service\.port: "):
        load(tmp_path, "io: {x: 1}\nservice: {port: 0}")


def test_a_file_that_is_not_there_or_not_readable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no settings file"):
        load_settings(tmp_path / "none.yaml", default_root=tmp_path)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, default_root=tmp_path)
    (tmp_path / "config.yaml").write_bytes(b"io: {input_dir: \xff}")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(None, default_root=tmp_path)


@pytest.mark.parametrize("text", ["", "# nothing\n", "io:\nscoring:\n", "\ufeffio:\n"])
def test_empty_files_and_sections_are_the_defaults(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == load_settings(None, default_root=tmp_path)


def test_a_bare_off_is_a_mode(tmp_path: Path) -> None:
    settings = load(tmp_path, "scoring: {rules: {require_main_eyes_open: {mode: off}}}")
    assert settings.scoring.rules.require_main_eyes_open.mode == "off"


def test_where_relative_paths_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf, here = tmp_path / "conf", tmp_path / "here"
    conf.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("CURATION_IO__MODELS_DIR", "weights")
    text = "io: {input_dir: photos, state_dir: /state}\nscoring: {dlib_model_path: x.dat}"
    settings = load(conf, text, {"io": {"output_dir": "out"}})
    assert settings.io.input_dir == conf / "photos"
    assert settings.io.state_dir == Path("/state")
    assert settings.io.models_dir == here / "weights"
    assert settings.io.output_dir == here / "out"
    assert settings.scoring.dlib_model_path == conf / "x.dat"
    assert load(conf, "io: {input_dir: ~/photos}").io.input_dir == Path.home() / "photos"


def test_later_sources_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "performance: {workers: 1, photo_timeout_s: 11}\nclustering: {min_face_px: 50}"
    assert load(tmp_path, text).performance.workers == 1
    monkeypatch.setenv("CURATION_PERFORMANCE__WORKERS", "2")
    monkeypatch.setenv("CURATION_CLUSTERING__MIN_FACE_PX", "")  # an empty variable says nothing
    settings = load(tmp_path, text)
    assert (settings.performance.workers, settings.performance.photo_timeout_s) == (2, 11)
    assert settings.clustering.min_face_px == 50
    assert load(tmp_path, text, {"performance": {"workers": "3"}}).performance.workers == 3


def test_nested_keys_and_lists_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURATION_ENGINE__DLIB__WORKING_SIZE_PX", "640")
    monkeypatch.setenv("CURATION_SCORING__RULES__REQUIRE_SMILE__MODE", "veto")
    monkeypatch.setenv("CURATION_ENGINE__PROVIDERS", '["CPUExecutionProvider"]')
    settings = load(tmp_path, "")
    assert settings.engine.dlib.working_size_px == 640
    assert settings.scoring.rules.require_smile.mode == "veto"
    assert settings.engine.providers == ("CPUExecutionProvider",)


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("CURATION_PERFORMANCE__WORKERS", "many", "performance.workers"),
        ("CURATION_PERFORMANCE__WORKER", "2", "CURATION_PERFORMANCE__WORKER:"),
        ("CURATION_PERFORMANC__WORKERS", "2", "CURATION_PERFORMANC__WORKERS"),
        ("CURATION_ENGINE__DLIB__SIZE", "2", "working_size_px"),
        ("CURATION_ENGINE__PROVIDERS", "CPUExecutionProvider", "CURATION_ENGINE__PROVIDERS"),
        ("CURATION_ENGINE__PROVIDERS", "3", "engine.providers"),
        ("CURATION_ENGINE__PROVIDERS", "[" * 2000, "CURATION_ENGINE__PROVIDERS"),
        ("CURATION_ENGINE", '{"a":' * 2000, "CURATION_ENGINE"),
        ("CURATION_ENGINE", "dlib", "CURATION_ENGINE"),
        ("CURATION_PERFORMANCE__WORKERS__X", "2", "CURATION_PERFORMANCE__WORKERS__X"),
    ],
)
def test_mistakes_in_the_environment_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, part: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load(tmp_path, "")
    assert part in str(raised.value)


def test_other_variables_of_ours_are_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURATION_CONFIG", "elsewhere.yaml")
    monkeypatch.setenv("CURATION_TEST_DATA", "/data")
    assert load(tmp_path, "") == load_settings(None, default_root=tmp_path)


def test_mistakes_in_options_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"performance\.workers"):
        load(tmp_path, "", {"performance": {"workers": "many"}})
    with pytest.raises(SettingsError, match="must contain keys of its own"):
        load(tmp_path, "performance: 3", {"performance": {"workers": "2"}})


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = load_settings(None, default_root=tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.io = settings.io  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        settings.io.skip_raw_with_jpeg = False  # type: ignore[misc]


@pytest.mark.parametrize("rule", ["min_children: {mode: veto}", "excuse_children: {enabled: true}"])
def test_a_rule_that_needs_ages_is_refused_while_they_are_off(tmp_path: Path, rule: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"scoring: {{rules: {{{rule}}}}}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"the rule {rule.partition(':')[0]} needs the ages of people: set attrib"):
        load_settings(path, default_root=tmp_path)
    path.write_text(f"scoring: {{rules: {{{rule}}}}}\nattributes: {{age: dlib}}\n", encoding="utf-8")
    load_settings(path, default_root=tmp_path)


def test_ethnicity_of_films_needs_a_reader_and_the_key(tmp_path: Path) -> None:
    assert load(tmp_path, "video: {ethnicity: gear, infer_ethnicity: true}").video.ethnicity == "gear"
    # The key alone reads nothing.
    assert load(tmp_path, "video: {infer_ethnicity: true}").video.ethnicity == "off"


def test_addresses_of_object_storage_become_working_copies_on_this_machine(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("io: {input_dir: 's3://bucket/wedding/', output_dir: 's3://bucket/results', state_dir: state}")
    settings = load_settings(path, default_root=tmp_path)
    assert settings.input_address == "s3://bucket/wedding"
    assert settings.output_address == "s3://bucket/results"
    assert settings.io.input_dir.is_relative_to(tmp_path / "state" / "objects")
    assert settings.io.output_dir.is_relative_to(tmp_path / "state" / "objects")
    assert settings.io.input_dir != settings.io.output_dir
    by_option = load_settings(path, default_root=tmp_path, overrides={"io": {"input_dir": "photos"}})
    assert by_option.input_address == ""
    assert by_option.io.input_dir == Path.cwd() / "photos"
    assert by_option.output_address == "s3://bucket/results"


def test_other_places_replace_folders_and_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None, default_root=tmp_path, overrides={"io": {"output_dir": "s3://bucket/out"}})
    changed = with_places(settings, input_dir="s3://bucket/in/", output_dir="here", export_dir=None)
    assert (changed.input_address, changed.output_address) == ("s3://bucket/in", "")
    assert changed.io.output_dir == tmp_path / "here"
    assert changed.io.input_dir.parent.parent == settings.io.state_dir / "objects"
    assert (changed.input_place, changed.output_place("a.csv")) == ("s3://bucket/in", str(tmp_path / "here" / "a.csv"))
    assert settings.output_place("a.csv") == "s3://bucket/out/a.csv"
    assert settings.output_address == "s3://bucket/out"
    assert with_places(settings).output_address == "s3://bucket/out"

# Curation: `make run` to try it or use it, `make help` for the rest. Needs Python 3.11+, GNU make and a POSIX shell.
.PHONY: help run serve extras test lint lint-style lint-format lint-types lint-imports dev bench eval soak audit lock proto image image-test clean

# Taken as they are written, so that a folder's name may hold spaces, quotes and dollar signs.
override PHOTOS := $(value PHOTOS)
override OUTPUT := $(value OUTPUT)
override ENGINE := $(value ENGINE)
override WORKERS := $(value WORKERS)
override OPEN := $(value OPEN)
override FOLLOW := $(value FOLLOW)
override BASE := $(value BASE)
export PHOTOS OUTPUT ENGINE WORKERS OPEN FOLLOW PYTHON EXTRAS BASE

PY = .venv/bin/python
# The checksums are those of the files for all platforms. Extras stay in the locks: to pip before 23.3 one that is left
# out, and that another package asks for, is a requirement without a checksum.
COMPILE = $(PY) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--custom-compile-command 'make lock'
EXTRA_FILES = $(sort $(wildcard requirements/*.txt))

help:
	@echo 'make run                          photos of event_images/ (or a sample event), results beside this file'
	@echo 'make run PHOTOS=DIR [OUTPUT=DIR]  photos of another folder, results in curated/NAME/ (or OUTPUT)'
	@echo '         [ENGINE=auto|retinaface-arcface|dlib] [WORKERS=N] [PYTHON=python3.12]'
	@echo 'make serve                        the page with all events in the browser; the port is service.port of config.yaml'
	@echo 'make serve PHOTOS=DIR [OUTPUT=DIR] [OPEN=no] [FOLLOW=no]  the page of this event; without the browser; new photos'
	@echo '                                  that come into the folder are not looked through by themselves'
	@echo 'make extras EXTRAS="services"     packages that only some commands need; EXTRAS= lists the names'
	@echo 'make test                         all tests with coverage; ARGS="tests/unit -k labels" for some of them'
	@echo 'make lint                         style, formatting, types and import rules'
	@echo 'make bench                        the benchmarks, on the photos of CURATION_TEST_DATA'
	@echo 'make eval                         how right the judgements are on those photos; writes docs/accuracy.md'
	@echo 'make soak                         hours of kills, hostile files and floods; ARGS="PART --minutes 5", ARGS=--help'
	@echo 'make audit                        published faults of the packages that are installed; needs the internet'
	@echo 'make lock                         requirements*.lock again; ARGS=--upgrade for newer versions'
	@echo 'make proto                        the modules of the services again, after a change of their .proto file'
	@echo 'make image                        the image of containers, see docs/deploy.md; BASE=..., EXTRAS="workers s3"'
	@echo 'make image-test                   builds the image and tries it for real; needs root, buildah and podman'
	@echo 'make clean                        removes .venv and caches; never photos, labels, results or weights'

run:
	@sh tools/venv.sh run
	@$(PY) -m curation.cli.quickstart run $${PHOTOS:+--input="$$PHOTOS"} $${OUTPUT:+--output="$$OUTPUT"} \
		$${ENGINE:+--engine="$$ENGINE"} $${WORKERS:+--workers="$$WORKERS"}

serve:
	@sh tools/venv.sh run
	@exec $(PY) -m curation.cli.quickstart serve $${PHOTOS:+--input="$$PHOTOS"} $${OUTPUT:+--output="$$OUTPUT"} \
		$${OPEN:+--open="$$OPEN"} $${FOLLOW:+--follow="$$FOLLOW"}

extras:
	@sh tools/venv.sh extras $$EXTRAS

# A choice that holds no test (pytest's 5) is no fault; a phase of the whole without one is, and run_tests.py says so. With
# -n 2 pytest says 5 of a file that is not there, too: without it, 4.
test: dev
	@rm -f .coverage .coverage.*
ifdef ARGS
	$(PY) -m pytest -n 2 --cov --cov-report=term $(ARGS) || { [ $$? -eq 5 ] && { \
		$(PY) -m pytest -qq --collect-only $(ARGS) >/dev/null; [ $$? -eq 5 ]; }; }
else
	@$(PY) tools/run_tests.py
endif

lint: lint-style lint-format lint-types lint-imports

lint-style: dev
	$(PY) -m ruff check .

lint-format: dev
	$(PY) -m ruff format --check .

lint-types: dev
	$(PY) -m mypy

lint-imports: dev
	PYTHONPATH=. .venv/bin/lint-imports --no-logo

dev:
	@sh tools/venv.sh dev

bench: dev
	@data=$${CURATION_TEST_DATA:-../shared}; \
	[ -d "$$data/photos" ] || { echo "no photos: set CURATION_TEST_DATA, see docs/development.md" >&2; exit 1; }; \
	$(PY) -m benchmarks "$$data" $(ARGS)

eval: dev
	@data=$${CURATION_TEST_DATA:-../shared}; \
	[ -d "$$data/photos" ] || { echo "skipped: no photos in $$data; set CURATION_TEST_DATA, see docs/development.md"; exit 0; }; \
	$(PY) -m benchmarks.evaluation "$$data" $(ARGS)

soak: dev
	@$(PY) -m tests.soak $(ARGS)

# One resolution of everything together, so that no group can clash with another; every other lock is a part of it. What
# was locked is then installed, since uv does not look at the newest Python that a release allows, and pip does.
lock: dev
	$(COMPILE) $(ARGS) requirements.txt $(EXTRA_FILES) requirements-build.txt requirements-dev.txt -o requirements-dev.lock
	for name in requirements requirements-build $(EXTRA_FILES:.txt=); do \
		$(COMPILE) -c requirements-dev.lock $$name.txt -o $$name.lock || exit; \
	done
	$(COMPILE) $(ARGS) tools/audit/requirements.txt -o tools/audit/requirements.lock
	@sh tools/venv.sh dev
	$(PY) -m pip check

# In an environment of its own, as nothing of it is part of the program or of its tests.
audit: dev
	@cmp -s tools/audit/requirements.lock .audit/installed.lock || { $(PY) -m venv --clear .audit && \
		.audit/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r tools/audit/requirements.lock && \
		cp tools/audit/requirements.lock .audit/installed.lock; }
	@PYTHONPATH=tools .audit/bin/python -m audit

# Named from the root, so that the modules import each other as parts of the package.
PROTO = curation/services/protocol/image_processing.proto
proto: dev
	$(PY) -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. $(PROTO)

# Builds with docker, podman or buildah.
image:
	@sh tools/image/build.sh $(ARGS)

image-test: dev
	@PYTHONPATH=tools $(PY) -m image.check $(ARGS)

clean:
	rm -rf .venv .audit .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov .coverage .coverage.*
	for folder in curation tests benchmarks training ground_truth; do \
		[ ! -d $$folder ] || find $$folder -name __pycache__ -type d -prune -exec rm -rf {} +; \
	done
	rm -rf __pycache__

# The program with everything it needs, in layers that change ever more often: Python, packages, program. It holds no model
# files, photos or secrets: those come from volumes and the environment, see docs/deploy.md.
#
#     make image                                    the image `curation`, with docker, podman or buildah
#     docker build -t curation --build-arg BASE=docker.io/library/python:3.11-slim-bookworm@sha256:... .
#
# BASE is any image with Python 3.11 or newer as python3, its module venv, and the system's certificates; with a digest the
# same image is built again next year. EXTRAS are names of requirements/*.lock: the default is what docker-compose.yaml needs.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS build
ARG EXTRAS="workers s3 gallery services video assets"
# A file with the certificates of a proxy between here and the package index, if there is one.
ARG PIP_CERT
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
COPY requirements/ requirements/
# pip lives in an environment of its own and is left behind with it. Every file is held against the checksums of its lock,
# what builds the one source archive among them too.
RUN set -eu; \
    for extra in $EXTRAS; do [ -f "requirements/$extra.lock" ] || { echo "There is no extra named $extra." >&2; exit 2; }; done; \
    python3 -m venv pip && python3 -m venv --without-pip /opt/venv; \
    pip() { pip/bin/python -m pip --python /opt/venv/bin/python --no-input --disable-pip-version-check "$@"; }; \
    install() { pip install --quiet --no-cache-dir --no-compile --require-hashes "$@"; }; \
    install -r requirements-build.lock; \
    set -- -r requirements.lock; for extra in $EXTRAS; do set -- "$@" -r "requirements/$extra.lock"; done; \
    install --use-pep517 --no-build-isolation "$@"; \
    pip check; \
    pip uninstall --quiet --yes setuptools
COPY tools/image/slim.py ./
RUN /opt/venv/bin/python -B slim.py slim /opt/venv
# The byte code of what the program loads lies in one folder, and is used as it stands: on a read-only disk Python could not
# keep its own, and every process would compile a thousand modules anew.
COPY config.yaml main_api.py run_clustering.py run_scoring.py tools/image/health.py /app/
COPY curation /app/curation
RUN PYTHONPYCACHEPREFIX=/opt/bytecode PYTHONPATH=/app /opt/venv/bin/python slim.py compile

FROM ${BASE}
# The names of the folders that volumes are mounted on; a named volume takes their owner.
RUN echo 'curation:x:10001:10001::/tmp:/bin/false' >>/etc/passwd && echo 'curation:x:10001:' >>/etc/group \
    && mkdir -p /data /models /photos && chown 10001:10001 /data \
    && rm -rf /usr/local/lib/python3*/ensurepip /usr/local/lib/python3*/site-packages/pip* /usr/local/bin/pip*
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/bytecode /opt/bytecode
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONPYCACHEPREFIX=/opt/bytecode PYTHONDONTWRITEBYTECODE=1 \
    CURATION_IO__INPUT_DIR=/photos CURATION_IO__OUTPUT_DIR=/data/results CURATION_IO__STATE_DIR=/data/state \
    CURATION_IO__MODELS_DIR=/models CURATION_ASSETS__DIR=/data/assets CURATION_VIDEO__DIR=/data/videos \
    CURATION_GALLERY__PATH=/data/gallery CURATION_ENGINE__DOWNLOAD=false CURATION_SERVICE__HOST=0.0.0.0
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["python", "-I", "health.py"]
CMD ["python", "-m", "curation.cli.quickstart", "serve"]

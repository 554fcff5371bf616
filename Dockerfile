# The translation service.
#
#   docker build -t translator .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges -p 8000:8000 translator
#
# Build arguments, each as --build-arg NAME=VALUE:
#
#   LOCK      packages to install: requirements.lock (the default) for a CPU, or requirements-gpu.lock, with PyTorch.
#   PIP_ARGS  further arguments of pip, for example --index-url for another mirror.
#   BASE      base image, with Python 3.11 to 3.13, its venv module, and useradd. For builds that are equal for ever,
#             give a digest: python@sha256:…
#
# Everything else is locked: each package has a version and a hash, also those that build the wheel.

ARG BASE=python:3.12-slim

FROM ${BASE} AS dependencies
ARG PIP_ARGS=""
ARG LOCK=requirements.lock
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements*.lock ./
# pip and the packages that build the wheel have their own environment, which is not copied into the image.
# hadolint ignore=SC2086
RUN python3 -m venv /pip \
    && /pip/bin/pip install ${PIP_ARGS} --only-binary :all: --require-hashes --requirement requirements-build.lock \
    && python3 -m venv --without-pip /venv
# Wheels only: the tools that build a source archive would not be locked.
# hadolint ignore=SC2086
RUN /pip/bin/pip --python /venv/bin/python install ${PIP_ARGS} --no-compile --only-binary :all: \
    --require-hashes --requirement "${LOCK}"
# Delete the tests of packages and PyTorch's headers: nothing here uses them. The imports write the byte code that serving
# needs, a sixth of what pip would have written.
RUN find /venv/lib/python3*/site-packages -type d \( -name tests -o -path '*/torch/test' -o -path '*/torch/include' \) \
        -prune -exec rm -r {} + \
    && /venv/bin/python -c "import fastapi, numpy, pydantic_settings, uvicorn"

FROM dependencies AS application
COPY pyproject.toml README.md LICENSE ./
COPY translator translator
COPY service service
# hadolint ignore=SC2086
RUN /pip/bin/pip install ${PIP_ARGS} --no-deps --no-build-isolation --target /app .

FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin translator \
    && install --directory --owner translator /data
# Two layers: an upgrade of the service alone does not move the dependencies again.
COPY --from=dependencies /venv /venv
COPY --from=application /app /app
ENV PATH=/app/bin:/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TRANSLATOR_HOST=0.0.0.0
WORKDIR /
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-c", "import http.client, os, sys; \
    connection = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('TRANSLATOR_PORT', '8000')), timeout=4); \
    connection.request('GET', '/healthz'); \
    sys.exit(connection.getresponse().status != 200)"]
# In exec form, so that SIGTERM reaches the service, which then finishes its requests.
CMD ["python", "-m", "service"]

# The translation service.
#
#   docker build -t translator .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges -p 8000:8000 translator
#
# Arguments of the build, each as --build-arg NAME=VALUE:
#
#   EXTRAS    what is installed besides: empty (the default) for the native engine on a processor, or gpu for PyTorch.
#   PIP_ARGS  further arguments of pip, for example --index-url for another mirror.
#   BASE      image to build on and to run on: any with Python 3.11 to 3.13, its venv module, and useradd.

ARG BASE=python:3.12-slim

FROM ${BASE} AS dependencies
ARG PIP_ARGS=""
ARG EXTRAS=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements.lock requirements-build.lock pyproject.toml ./
# pip and what builds the wheel stay in a place of their own and out of the image.
# hadolint ignore=SC2086
RUN python3 -m venv /pip && /pip/bin/pip install ${PIP_ARGS} --upgrade "pip>=25" \
    && /pip/bin/pip install ${PIP_ARGS} --require-hashes --requirement requirements-build.lock \
    && python3 -m venv --without-pip /venv
# hadolint ignore=SC2086
RUN /pip/bin/pip --python /venv/bin/python install ${PIP_ARGS} --no-compile --require-hashes --requirement requirements.lock
# Extras are not locked, and leave the locked versions as they are.
RUN ["python3", "-c", "import os, pathlib, tomllib; \
    extras = tomllib.loads(pathlib.Path('pyproject.toml').read_text())['project']['optional-dependencies']; \
    wanted = [extras[name] for name in os.environ['EXTRAS'].split(',') if name]; \
    pathlib.Path('extras.txt').write_text('\\n'.join(sum(wanted, [])))"]
# hadolint ignore=SC2086
RUN /pip/bin/pip --python /venv/bin/python install ${PIP_ARGS} --no-compile --requirement extras.txt
# PyTorch's own tests and headers are a quarter of it, and nothing runs or compiles them here. The imports write the byte
# code of what serving needs, a sixth of what pip would have written.
RUN rm -rf /venv/lib/python3*/site-packages/torch/test /venv/lib/python3*/site-packages/torch/include \
    && /venv/bin/python -c "import fastapi, numpy, pydantic_settings, uvicorn"

FROM dependencies AS application
COPY README.md LICENSE ./
COPY translator translator
COPY service service
# hadolint ignore=SC2086
RUN /pip/bin/pip install ${PIP_ARGS} --no-deps --no-build-isolation --target /app .

FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin translator
# In a layer of their own: an upgrade of the service then moves only what has changed.
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
# In exec form, so that SIGTERM reaches the service: it then takes no more requests and finishes those it has.
CMD ["python", "-m", "service"]

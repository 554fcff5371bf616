# The translation service.
#
#   docker build -t translator .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges -p 8000:8000 translator
#
# Arguments of the build, each as --build-arg NAME=VALUE:
#
#   VARIANT   cpu, cuda, or any (the default: whichever PyTorch pip brings). cpu and cuda change nothing in what is
#             installed; the build ends with an error where pip brought the other one.
#   PIP_ARGS  what pip is told besides. Its usual PyTorch for Linux comes with gigabytes of CUDA libraries; for a small
#             image that runs on the CPU: PIP_ARGS="--index-url … --extra-index-url …", the package index of PyTorch's
#             CPU builds (its address stands on PyTorch's installation page) with the usual one beside it.
#   BASE      image to build on and to run on: any with Python 3.11 to 3.13, its venv module, and useradd.

ARG BASE=python:3.12-slim

FROM ${BASE} AS dependencies
ARG PIP_ARGS=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
# pip stays in a place of its own and out of the image.
RUN python3 -m venv /pip && /pip/bin/pip install ${PIP_ARGS} --upgrade "pip>=25" && python3 -m venv --without-pip /venv
COPY pyproject.toml .
RUN ["python3", "-c", "import pathlib, tomllib; \
    project = tomllib.loads(pathlib.Path('pyproject.toml').read_text())['project']; \
    pathlib.Path('requirements.txt').write_text('\\n'.join(project['dependencies']))"]
# hadolint ignore=SC2086
RUN /pip/bin/pip --python /venv/bin/python install ${PIP_ARGS} --no-compile --requirement requirements.txt
# PyTorch's own tests and headers are a quarter of it, and nothing runs or compiles them here.
RUN rm -rf /venv/lib/python3*/site-packages/torch/test /venv/lib/python3*/site-packages/torch/include \
    && find /venv/lib/python3*/site-packages/torch/bin -type f ! -name torch_shm_manager -delete
# The imports also write the byte code of what serving needs, a sixth of what pip would have written.
ARG VARIANT=any
RUN ["/venv/bin/python", "-c", "import os, sys, fastapi, pydantic_settings, torch, uvicorn; \
    wanted, brought = os.environ['VARIANT'], 'cuda' if torch.version.cuda else 'cpu'; \
    sys.exit(0 if wanted in ('any', brought) else f'VARIANT={wanted}, but pip brought PyTorch for {brought}: see PIP_ARGS')"]

FROM dependencies AS application
COPY README.md .
COPY translator translator
COPY service service
# hadolint ignore=SC2086
RUN /pip/bin/pip --python /venv/bin/python install ${PIP_ARGS} --no-deps --target /app .

FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin translator
# In a layer of their own: an upgrade of the service then moves some megabytes and not all of PyTorch.
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

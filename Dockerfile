# The translation service.
#
#   docker build -t translator .
#   docker run -p 8000:8000 translator
#
# pip's usual PyTorch for Linux brings several gigabytes of GPU libraries. For a small image that runs on the CPU hand
# over, as --build-arg PIP_ARGS="--index-url ... --extra-index-url ...", the package index of PyTorch's CPU builds
# (its address stands on PyTorch's installation page) with the usual one beside it.

FROM python:3.12-slim AS build
ARG PIP_ARGS=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /venv
# The dependencies in a layer of their own: it stays as it is while only the code changes.
COPY pyproject.toml .
RUN ["python", "-c", "import pathlib, tomllib; \
    project = tomllib.loads(pathlib.Path('pyproject.toml').read_text())['project']; \
    pathlib.Path('requirements.txt').write_text('\\n'.join(project['dependencies']))"]
# hadolint ignore=SC2086
RUN /venv/bin/pip install ${PIP_ARGS} --requirement requirements.txt
COPY README.md .
COPY translator translator
COPY service service
# hadolint ignore=SC2086
RUN /venv/bin/pip install ${PIP_ARGS} --no-deps .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin translator
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
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

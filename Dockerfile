# The app in a container, by the same two scripts as `make run`.
#   docker build -t resnet-lab .                                                    on the processor
#   docker build -t resnet-lab --build-arg REQUIREMENTS=requirements-cuda.txt .     on NVIDIA GPUs
# Another base (--build-arg BASE=…) needs bash and Python 3.11, 3.12 or 3.13 with venv. docs/container.md says more.
ARG BASE=python:3.12-slim
FROM $BASE
ARG REQUIREMENTS=requirements.txt

RUN useradd --create-home --uid 1000 lab && mkdir --parents /lab /volume && chown lab /lab /volume
USER lab
WORKDIR /lab

COPY --chown=lab requirements.txt requirements-cuda.txt ./
COPY --chown=lab tools tools
RUN tools/venv.sh "$REQUIREMENTS"

COPY --chown=lab .streamlit .streamlit
COPY --chown=lab streamlit_app.py ./
COPY --chown=lab resnet resnet
COPY --chown=lab app app

# Inside its container the app listens on every address; which of them the host opens is for `docker run -p` to say.
ENV STREAMLIT_SERVER_ADDRESS=0.0.0.0
ENV RESNET_LAB_RUNS=/volume/runs
ENV RESNET_LAB_STUDIES=/volume/studies
ENV RESNET_LAB_DATA=/volume/data
VOLUME /volume
EXPOSE 8501

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD .venv/bin/python -c "import urllib.request as web; web.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"
CMD ["tools/contained.sh", "8501"]

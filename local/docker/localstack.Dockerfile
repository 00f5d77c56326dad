# The AWS endpoint: LocalStack with etlocal's services in it, launched as the embedded one is.
FROM python:3.11-slim-bookworm AS build
COPY requirements.txt /build/
# uv, as pinned for etlocal itself; it stays in this stage.
RUN sed -n '/^uv==/,/[^\\]$/p' /build/requirements.txt > /build/uv.txt \
 && python -m pip install --quiet --no-cache-dir --no-deps --require-hashes --target /build/uv -r /build/uv.txt \
 && python -m venv --without-pip /opt/etlocal/python
COPY local/etlocal/environments/endpoint.txt /build/
RUN /build/uv/bin/uv pip install --quiet --no-cache --no-deps --require-hashes --compile-bytecode \
      --python /opt/etlocal/python/bin/python -r /build/endpoint.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin etlocal \
 && install -d -o etlocal -g etlocal -m 0750 /var/lib/etlocal /run/etlocal
COPY --from=build /opt/etlocal/python /opt/etlocal/python
ENV PATH=/opt/etlocal/python/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/etlocal/overlay \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    HOME=/tmp \
    ETLOCAL_BIND_ADDRESS=0.0.0.0 \
    ETLOCAL_STATE_DIR=/var/lib/etlocal
COPY local/docker/healthy local/docker/make_password.py /opt/etlocal/
COPY local/etlocal /opt/etlocal/package/etlocal
# The folder by which LocalStack finds the services: made here, where it may be written.
RUN cd /opt/etlocal && PYTHONPATH=package python -c \
      "import pathlib; from etlocal.endpoint.overlay import make_overlay; \
       pathlib.Path('overlay').symlink_to(make_overlay(pathlib.Path('/opt/etlocal/overlays')))" \
 && python -m compileall -q package
USER etlocal
WORKDIR /var/lib/etlocal
EXPOSE 4566 5439
CMD ["python", "-m", "etlocal.endpoint.launch"]

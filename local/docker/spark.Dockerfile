# The Glue worker: PySpark on Java 17, with the jars that jobs need; also a Spark master or executor.
FROM python:3.11-slim-bookworm AS java
# The folder of manual pages is missing in slim images, and Java's set-up wants it.
RUN mkdir -p /usr/share/man/man1 && apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null \
 && rm -rf /var/lib/apt/lists/* /usr/share/man/man1

FROM java AS build
COPY requirements.txt /build/
# uv, as pinned for etlocal itself: it makes the environment, and --additional-python-modules.
RUN sed -n '/^uv==/,/[^\\]$/p' /build/requirements.txt > /build/uv.txt \
 && python -m pip install --quiet --no-cache-dir --no-deps --require-hashes --target /build/uv -r /build/uv.txt \
 && python -m venv --without-pip /opt/etlocal/python
COPY local/etlocal/environments/glue-5.1.txt /build/
RUN /build/uv/bin/uv pip install --quiet --no-cache --no-deps --require-hashes --compile-bytecode \
      --python /opt/etlocal/python/bin/python -r /build/glue-5.1.txt
# Only what resolves the jars: another change to the package leaves them as they are.
COPY local/etlocal/__init__.py /build/package/etlocal/
COPY local/etlocal/environments/__init__.py local/etlocal/environments/java.py /build/package/etlocal/environments/
COPY local/etlocal/worker/__init__.py local/etlocal/worker/jars.py /build/package/etlocal/worker/
RUN PYTHONPATH=/build/package /opt/etlocal/python/bin/python -c \
      "import pathlib; from etlocal.worker import jars; jars.ensure_jars(pathlib.Path('/opt/etlocal/cache'))"

FROM java
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin etlocal \
 && install -d -o etlocal -g etlocal /opt/etlocal/cache/classes /opt/etlocal/cache/modules
COPY --from=build /opt/etlocal/python /opt/etlocal/python
COPY --from=build /build/uv/bin/uv /opt/etlocal/bin/uv
COPY --from=build /opt/etlocal/cache/jars /opt/etlocal/cache/jars
ENV PATH=/opt/etlocal/python/bin:/usr/local/bin:/usr/bin:/bin \
    UV=/opt/etlocal/bin/uv \
    PYTHONPATH=/opt/etlocal/package \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    HOME=/tmp \
    ETLOCAL_BIND_ADDRESS=0.0.0.0 \
    ETLOCAL_CACHE_DIR=/opt/etlocal/cache
COPY local/docker/healthy /opt/etlocal/
COPY local/etlocal /opt/etlocal/package/etlocal
RUN python -m compileall -q /opt/etlocal/package
USER etlocal
WORKDIR /tmp
EXPOSE 4567
CMD ["python", "-m", "etlocal.worker.main"]

# The image contains nothing but the static binary, which includes SQLite, libpq and OpenSSL.
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev make perl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# With an explicit target, the flag does not apply to build scripts and macros.
RUN target=$(rustc -vV | sed -n 's/^host: //p') \
    && RUSTFLAGS="-C target-feature=+crt-static" \
       cargo build --release --locked --package symbolon --target "$target" \
    && mkdir -p /out/data \
    && cp "target/$target/release/symbolon" /out/symbolon

FROM scratch
COPY --from=build /out/symbolon /symbolon
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV SYMBOLON_LISTEN=[::]:8000 \
    SYMBOLON_DATA_DIR=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/symbolon", "healthcheck"]
ENTRYPOINT ["/symbolon"]

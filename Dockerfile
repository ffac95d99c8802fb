# The image of gate, registry and tools: one static program and root certificates. `make image` prepares the folder that this
# is built in, one program for each architecture, so that the same commit gives the same image on every machine.
FROM scratch
ARG TARGETARCH
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="dcr-gateway" \
      org.opencontainers.image.description="Open Banking Dynamic Client Registration behind Envoy" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="https://github.com/dcr-gateway/dcr-gateway" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY linux-${TARGETARCH}/dcr-gateway /dcr-gateway
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ENTRYPOINT ["/dcr-gateway"]

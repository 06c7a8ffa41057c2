# litestream-net in a container: one native executable and SQLite, nothing else; not root; its root may be read-only.
#
#   docker build --tag litestream-net .
#   docker run --read-only --user 1654 -v app-data:/data -v $PWD/litestream.yml:/etc/litestream.yml:ro litestream-net
#
# The database's volume has to be the application's own: SQLite's shared memory works between containers of one machine, not over a network.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN apt-get update && apt-get install --yes --no-install-recommends clang zlib1g-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY global.json nuget.config Directory.Build.props Directory.Packages.props .editorconfig LICENSE NOTICE ./
COPY .ci/publish .ci/publish
COPY src src
RUN rid=linux-$(dpkg --print-architecture | sed s/amd64/x64/) && bash .ci/publish --aot "$rid" && mv "artifacts/tool-aot/$rid" /tool

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
COPY --from=build /tool /usr/local/bin
# The user "app" of the base image, by number, so that an orchestrator can see that it is not root.
USER 1654
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/litestream-net"]
CMD ["replicate"]

using System.Runtime.InteropServices;
using Litestream.Testing;

namespace Litestream.Docs.Rehearsals;

/// <summary>The programs that the documents call, made of this build: the command line, and a service manager for the sample.</summary>
internal static class Programs
{
    private static readonly bool IsCI = Environment.GetEnvironmentVariable("CI") == "true";

    public static string? WhatIsMissing(bool litestream) =>
        OperatingSystem.IsWindows() ? "needs a Unix system"
        : IsCI ? null
        : !SqliteShell.IsAvailable ? "the sqlite3 command line is not installed"
        : litestream && !File.Exists(Litestream()) ? "the real litestream is not installed (npm ci in test/interop, or LITESTREAM_BIN)"
        : null;

    public static void AddTo(Rehearsal rehearsal)
    {
        rehearsal.AddCommand("litestream-net", $"exec {Command("Litestream.Cli")} \"$@\"");
        rehearsal.AddCommand("litestream", $"exec '{Litestream()}' \"$@\"");
        rehearsal.AddCommand("journalctl", "cat \"$WORK/journal\"");
        rehearsal.AddCommand("systemctl", $$"""
            cd "$WORK/home"
            running() { [ -e "$WORK/pid" ] && kill -0 "$(cat "$WORK/pid")" 2>/dev/null; }
            end() { ! running || { kill "-$1" "$(cat "$WORK/pid")"; while running; do sleep 0.05; done; }; }
            case $1 in
            start)
                [ ! -e "$WORK/environment" ] || . "$WORK/environment"
                export Logging__LogLevel__Microsoft=Warning
                setsid {{Command("Orders")}} --urls "http://localhost:$PORT" --contentRoot "$PWD" ${BACKUP:+--Backup "$BACKUP"} \
                    >> "$WORK/journal" 2>&1 < /dev/null &
                echo $! > "$WORK/pid"
                for _ in $(seq 3600); do
                    ! curl -sf "http://localhost:$PORT/alive" >/dev/null || exit 0
                    running || { echo "Job for orders.service failed"; exit 1; }
                    sleep 0.05
                done
                exit 1
                ;;
            stop) end TERM ;;
            kill) end KILL ;;
            restart) end TERM; exec "$0" start orders ;;
            esac
            """);
    }

    /// <summary>The program itself: npm's own entry is a script around it, and a signal would end only that.</summary>
    private static string Litestream() =>
        Environment.GetEnvironmentVariable("LITESTREAM_BIN") is { Length: > 0 } path ? path
        : Repository.Combine(
            "test", "interop", "node_modules", "@flydotio",
            $"litestream-{(OperatingSystem.IsMacOS() ? "darwin" : "linux")}-{(RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64")}",
            "litestream");

    private static string Command(string project) =>
        string.Join(' ', ChildProcess.AppCommand(project).Select(part => $"'{part}'"));
}

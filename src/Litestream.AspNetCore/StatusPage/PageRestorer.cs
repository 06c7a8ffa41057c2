using System.Globalization;
using Litestream.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>Does what a job is for, and writes into it how far it has come and how it ended.</summary>
internal sealed class PageRestorer(
    LitestreamPageOptions options, StatusReporter reporter, HistoryReader history, TimeProvider time, ILogger logger)
{
    /// <summary>How long a copy waits for its download.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(15);

    /// <exception cref="PageRefusal">It will not fit.</exception>
    public void CheckRoom(PageJobKind kind, ILitestreamDatabase database)
    {
        if (DiskSpace.Problem(database.Path, Folder(kind, database)) is { } problem)
        {
            throw new PageRefusal(StatusCodes.Status507InsufficientStorage, problem);
        }
    }

    public Task RunAsync(PageJob job, PageJobKind kind, ILitestreamDatabase database, RestoreOptions restore)
    {
        restore.Progress = new JobProgress(job, Folder(kind, database));
        return EndAsync(job, database, kind == PageJobKind.Copy ? () => CopyAsync(job, database, restore) : () => InPlaceAsync(job, database, restore));
    }

    public Task UndoAsync(PageJob job, ILitestreamDatabase database, PreviousDatabase previous) =>
        EndAsync(job, database, () => ExchangeAsync(
            job,
            database,
            close => database.UndoRestoreAsync(Path.Combine(Path.GetDirectoryName(database.Path)!, previous.File), close, job.Token)));

    private string Folder(PageJobKind kind, ILitestreamDatabase database) =>
        kind == PageJobKind.Copy ? options.CopyDirectory ?? Path.GetTempPath() : Path.GetDirectoryName(database.Path)!;

    private async Task CopyAsync(PageJob job, ILitestreamDatabase database, RestoreOptions restore)
    {
        var folder = CopyFile.CreateFolder(options.CopyDirectory, time.GetUtcNow());
        try
        {
            restore.OutputPath = Path.Combine(folder, "copy.db");
            var result = await database.RestoreAsync(restore, job.Token).ConfigureAwait(false);
            var ending = Path.GetExtension(database.Path) is { Length: > 0 } extension ? extension : ".db";
            var file = string.Create(
                CultureInfo.InvariantCulture, $"{FileName(database.Name)}-{(restore.Timestamp ?? time.GetUtcNow()).ToUniversalTime():yyyyMMdd'T'HHmmss'Z'}{ending}");
            var report = job.Report with
            {
                Text = "The copy is ready. Every checksum of it is right.",
                RemainingSeconds = null,
                FileName = file,
            };
            job.Ready(CopyFile.Take(restore.OutputPath), report, time, Kept);
            Log.PageCopyReady(logger, database.Name, result.Position, result.DatabaseSize);
        }
        catch
        {
            CopyFile.Remove(folder);
            throw;
        }
    }

    private Task InPlaceAsync(PageJob job, ILitestreamDatabase database, RestoreOptions restore) => ExchangeAsync(
        job,
        database,
        close => database.RestoreInPlaceAsync(new InPlaceRestoreOptions { Restore = restore, CloseConnections = close }, job.Token));

    private async Task ExchangeAsync(
        PageJob job, ILitestreamDatabase database, Func<Func<CancellationToken, Task>, Task<InPlaceRestoreResult>> exchange)
    {
        var (paused, closed, isBegun) = (false, false, true);
        InPlaceRestoreResult result;
        try
        {
            result = await exchange(CloseAsync).ConfigureAwait(false);
        }
        finally
        {
            if (closed)
            {
                isBegun = await BeginAgainAsync(database).ConfigureAwait(false);
            }

            if (paused)
            {
                options.Pause!.Resume(database.Name);
            }

            await history.ForgetAsync().ConfigureAwait(false);
        }

        var previous = result.PreviousPath is null ? null : Path.GetFileName(result.PreviousPath);
        job.Update(report => report with
        {
            State = PageJobState.Done,
            Text = report.Kind == PageJobKind.Undo
                ? "The previous database is back. What had been restored is put aside."
                : "The database is restored, and replicated on. What it held before is put aside.",
            Previous = previous,
            Remedy = isBegun ? null : "What the application does after a restore failed: see its log, and restart it.",
            RemainingSeconds = null,
        });
        Log.PageRestoreDone(logger, database.Name, result.PreviousPath);

        async Task CloseAsync(CancellationToken cancellationToken)
        {
            job.Update(report => report with { Text = "Waiting until the application lets go of the database.", RemainingSeconds = null });
            if (options.Pause is { } pause)
            {
                await pause.PauseAsync(database.Name, cancellationToken).ConfigureAwait(false);
                paused = true;
            }

            closed = true;
            await options.CloseConnections!(database, cancellationToken).ConfigureAwait(false);
            job.Update(report => report with { Text = "Exchanging the files." });
        }
    }

    /// <summary>What fails here changes nothing about the restore, and must not keep requests out.</summary>
    private async Task<bool> BeginAgainAsync(ILitestreamDatabase database)
    {
        if (options.AfterRestore is not { } after)
        {
            return true;
        }

        try
        {
            await after(database, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception)
        {
            Log.PageAfterRestoreFailed(logger, database.Name, exception);
            return false;
        }
    }

    /// <summary>Whatever comes of it is in the job: nobody awaits it.</summary>
    private async Task EndAsync(PageJob job, ILitestreamDatabase database, Func<Task> run)
    {
        try
        {
            await run().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (job.Token.IsCancellationRequested)
        {
            var stopped = job.Stopped;
            job.Update(report => report with
            {
                State = stopped is null ? PageJobState.Cancelled : PageJobState.Failed,
                Text = stopped ?? "It was cancelled. Nothing was changed.",
                RemainingSeconds = null,
            });
        }
        catch (Exception exception)
        {
            Log.PageRestoreFailed(logger, database.Name, exception);
            var (text, remedy) = FailureWords.Of(exception);
            job.Update(report => report with
            {
                State = PageJobState.Failed,
                Text = reporter.Fit(text, database.Path),
                Remedy = remedy,
                RemainingSeconds = null,
            });
        }
    }

    private static string FileName(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'));
}

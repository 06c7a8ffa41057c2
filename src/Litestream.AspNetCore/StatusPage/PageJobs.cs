using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>What is restored from the page: one at a time, since each takes disk, network and processor time of the application. Thread-safe.</summary>
internal sealed class PageJobs(PageRestorer restorer, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly Lock _lock = new(); // guards _job and _isDisposed
    private readonly CancellationTokenSource _stopping = new();
    private PageJob? _job;
    private bool _isDisposed;

    /// <summary>The newest one; null if there was none.</summary>
    public PageJob? Newest
    {
        get
        {
            lock (_lock)
            {
                return _job;
            }
        }
    }

    /// <exception cref="PageRefusal">There is none.</exception>
    public PageJob Find(string? id) =>
        Newest is { } job && job.Id == id ? job : throw new PageRefusal(StatusCodes.Status404NotFound, "There is no such restore any more.");

    /// <summary>Begins to restore a copy, or in place.</summary>
    /// <exception cref="PageRefusal">Another one is at work, or there is no room.</exception>
    public PageJob Begin(PageJobKind kind, ILitestreamDatabase database, MomentRequest moment, string? user)
    {
        restorer.CheckRoom(kind, database);
        var options = new RestoreOptions
        {
            Replica = moment.Replica,
            Generation = moment.Generation,
            Timestamp = moment.Timestamp,
        };
        var job = Enter(kind, database, Words(moment), user);
        _ = Task.Run(() => restorer.RunAsync(job, kind, database, options), CancellationToken.None);
        return job;
    }

    /// <summary>Begins to put a previous database back.</summary>
    /// <exception cref="PageRefusal">Another one is at work.</exception>
    public PageJob BeginUndo(ILitestreamDatabase database, PreviousDatabase previous, string? user)
    {
        var job = Enter(
            PageJobKind.Undo, database, string.Create(CultureInfo.InvariantCulture, $"what was put aside on {previous.At:yyyy-MM-dd HH:mm:ss} UTC"), user);
        _ = Task.Run(() => restorer.UndoAsync(job, database, previous), CancellationToken.None);
        return job;
    }

    public void Dispose()
    {
        PageJob? job;
        lock (_lock)
        {
            _isDisposed = true;
            job = _job;
        }

        _stopping.Cancel();
        job?.Cancel();
    }

    private PageJob Enter(PageJobKind kind, ILitestreamDatabase database, string moment, string? user)
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                throw new PageRefusal(StatusCodes.Status503ServiceUnavailable, "The application is stopping.");
            }

            if (_job is { IsBusy: true })
            {
                throw new PageRefusal(StatusCodes.Status409Conflict, "Another restore is at work. Wait for it, or cancel it.");
            }

            _job?.Dispose();
            _job = new PageJob(
                new PageJobReport
                {
                    // Not to be guessed, though whoever has it needs the rights all the same.
                    Id = RandomNumberGenerator.GetHexString(24, lowercase: true),
                    Kind = kind,
                    Database = database.Name,
                    Moment = moment,
                    State = PageJobState.Running,
                    Text = kind == PageJobKind.Undo ? "Checking the previous database." : "Looking at what the replica holds.",
                    StartedAt = time.GetUtcNow(),
                },
                _stopping.Token);
            Diagnostics.Log.PageRestoreBegun(logger, kind, database.Name, moment, user);
            return _job;
        }
    }

    private static string Words(MomentRequest moment) =>
        moment switch
        {
            { Timestamp: { } at } => string.Create(CultureInfo.InvariantCulture, $"as it was on {at.ToUniversalTime():yyyy-MM-dd HH:mm:ss.fff} UTC"),
            { Generation: { } generation } => $"as it was at the end of generation {generation}",
            _ => "as it was at the last commit",
        };
}

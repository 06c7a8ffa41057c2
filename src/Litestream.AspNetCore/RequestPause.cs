using Litestream.AspNetCore;
using Microsoft.AspNetCore.Http;

namespace Litestream;

/// <summary>
/// Holds requests off while a database is exchanged under the application: those that are at work end, those that come
/// meanwhile get a 503 with <c>Retry-After</c>. Used by <c>UseRequestPause</c>. Thread-safe.
/// </summary>
public sealed class RequestPause
{
    private readonly Lock _lock = new(); // guards the fields below
    private readonly HashSet<RequestFlight> _flights = [];
    private readonly HashSet<string> _paused = new(StringComparer.Ordinal);
    private TaskCompletionSource _landed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// The name of the database that a request uses, for applications with many of them; null if it may use any. Default: null,
    /// every request may use any database.
    /// </summary>
    public Func<HttpContext, string?>? DatabaseOf { get; init; }

    /// <summary>How long requests that are at work are waited for. Default: 30 seconds.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What a client is told to wait before it tries again. Default: 2 seconds.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Where the time comes from. Default: the system.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Whether requests are held off at the moment.</summary>
    public bool IsPaused
    {
        get
        {
            lock (_lock)
            {
                return _paused.Count > 0;
            }
        }
    }

    /// <summary>
    /// Lets no request in any more that may use a database, and waits until those that do have ended. If this throws, requests
    /// are let in again.
    /// </summary>
    /// <param name="database">The name of the database.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TimeoutException">Requests are still at work after <see cref="DrainTimeout"/>; the message names them.</exception>
    /// <exception cref="InvalidOperationException">This database is paused already.</exception>
    public async Task PauseAsync(string database, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        lock (_lock)
        {
            if (!_paused.Add(database))
            {
                throw new InvalidOperationException($"Requests to the database '{database}' are paused already.");
            }
        }

        try
        {
            await DrainAsync(database, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Resume(database);
            throw;
        }
    }

    /// <summary>Lets requests in again. Does nothing if they are not held off.</summary>
    /// <param name="database">The name of the database.</param>
    public void Resume(string database)
    {
        lock (_lock)
        {
            _paused.Remove(database);
        }
    }

    internal Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<AllowedDuringRestore>() is not null)
        {
            return next(context);
        }

        var flight = new RequestFlight(DatabaseOf?.Invoke(context), context);
        lock (_lock)
        {
            if (_paused.Count > 0 && (flight.Database is null || _paused.Contains(flight.Database)))
            {
                flight = null;
            }
            else
            {
                _flights.Add(flight);
            }
        }

        if (flight is null)
        {
            return PauseProblem.WriteAsync(context, RetryAfter);
        }

        // Registered before others, so called after them: what the request's services keep open is closed by then.
        context.Response.OnCompleted(() =>
        {
            Land(flight);
            return Task.CompletedTask;
        });
        return next(context);
    }

    private async Task DrainAsync(string database, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(DrainTimeout, TimeProvider);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        while (true)
        {
            Task landed;
            lock (_lock)
            {
                if (!_flights.Any(flight => flight.Uses(database)))
                {
                    return;
                }

                landed = _landed.Task;
            }

            try
            {
                await landed.WaitAsync(giveUp.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"Requests are still at work after {DrainTimeout.TotalSeconds:0.#} s: {StillAtWork(database)}. The database was left as it is. If they use no database, map them with AllowDuringRestore().");
            }
        }
    }

    private string StillAtWork(string database)
    {
        const int Named = 5;
        lock (_lock)
        {
            var names = _flights.Where(flight => flight.Uses(database)).Select(flight => flight.Name).ToList();
            return string.Join(", ", names.Distinct(StringComparer.Ordinal).Take(Named)) + (names.Count > Named ? $" and others, {names.Count} in all" : "");
        }
    }

    private void Land(RequestFlight flight)
    {
        TaskCompletionSource landed;
        lock (_lock)
        {
            _flights.Remove(flight);
            if (_paused.Count == 0)
            {
                return;
            }

            landed = _landed;
            _landed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        landed.TrySetResult();
    }
}

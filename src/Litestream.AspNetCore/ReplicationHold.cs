using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Litestream.AspNetCore;

/// <summary>
/// One request's wait: which databases it may have changed, and whether its response may leave. Used by one request, one
/// call at a time.
/// </summary>
internal sealed class ReplicationHold
{
    private readonly ReplicationGate _gate;
    private readonly HttpContext _context;
    private readonly List<Mark> _marks = [];
    private RequireReplicationOptions _options;

    // Where it is all databases that count: as they were when last looked at.
    private ReplicationGate? _all;
    private IReadOnlyList<ILitestreamDatabase> _seen = [];

    public ReplicationHold(ReplicationGate gate, HttpContext context, RequireReplicationOptions options)
    {
        (_gate, _context, _options) = (gate, context, options);
        Mind(gate);
    }

    /// <summary>An endpoint within has options of its own.</summary>
    public void Use(ReplicationGate inner, RequireReplicationOptions innerOptions)
    {
        _options = innerOptions;
        if (innerOptions.Ignores(_context.Request.Method))
        {
            _marks.Clear();
            _all = null;
            return;
        }

        Mind(inner);
    }

    /// <summary>
    /// Waits until what was committed since the request came, or since this was last asked, is on the replicas.
    /// </summary>
    /// <returns>True if the response may leave; false if it must not.</returns>
    public ValueTask<bool> MayLeaveAsync()
    {
        if (_all is not null)
        {
            MindAdded(_all);
        }

        List<Mark>? changed = null;
        for (var i = 0; i < _marks.Count; i++)
        {
            var (database, before) = _marks[i];
            if (database.HasCommittedSince(before))
            {
                // Taken before the wait: what is committed meanwhile is seen at the end.
                _marks[i] = new Mark(database, database.GetCommitSequence());
                (changed ??= []).Add(new Mark(database, before));
            }
        }

        return changed is null ? ValueTask.FromResult(true) : new ValueTask<bool>(MayLeaveAsync(changed));
    }

    /// <summary>Answers in place of the response, or ends one that has begun.</summary>
    /// <param name="original">Where the answer goes.</param>
    public async Task RefuseAsync(IHttpResponseBodyFeature original)
    {
        if (_context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (_context.Response.HasStarted)
        {
            _gate.Aborted(_context.Request);
            _context.Abort();
            return;
        }

        var held = _context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        _context.Features.Set(original);
        try
        {
            await ReplicationProblem.WriteAsync(_context, _options.Timeout).ConfigureAwait(false);
        }
        finally
        {
            _context.Features.Set(held);
        }
    }

    private async Task<bool> MayLeaveAsync(List<Mark> changed)
    {
        var replicated = await TryWaitAsync(changed).ConfigureAwait(false);
        if (_options.Unreplicated != UnreplicatedResponse.Header)
        {
            return replicated;
        }

        if (!_context.Response.HasStarted)
        {
            _context.Response.Headers[_options.HeaderName] = replicated ? "true" : "false";
        }

        return true;
    }

    private async Task<bool> TryWaitAsync(List<Mark> changed)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, _gate.TimeProvider);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _context.RequestAborted);
        var token = patience.Token;
        try
        {
            await Task.WhenAll(changed.Select(mark => WaitAsync(mark, token))).ConfigureAwait(false);
            _gate.Succeeded();
            return true;
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            if (!_context.RequestAborted.IsCancellationRequested)
            {
                _gate.Failed(_context.Request, Names(changed), _options.Timeout, reason: null);
            }

            return false;
        }
        catch (Exception exception) when (exception is LitestreamException or InvalidOperationException)
        {
            // A replica is faulted, or replication was stopped: it is no use to wait.
            _gate.Failed(_context.Request, Names(changed), _options.Timeout, exception);
            return false;
        }
    }

    private static string Names(List<Mark> databases) => string.Join(", ", databases.Select(mark => mark.Database.Name));

    private static async Task WaitAsync(Mark mark, CancellationToken cancellationToken)
    {
        try
        {
            await mark.Database.WaitForReplicationAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException) when (!mark.Database.HasCommittedSince(mark.Sequence))
        {
            // It was removed meanwhile, with everything on its replicas.
        }
    }

    private void Mind(ReplicationGate gate)
    {
        var databases = gate.Databases();
        var known = _marks.Count > 0 ? _marks.Select(mark => mark.Database).ToHashSet() : null;
        _marks.EnsureCapacity(_marks.Count + databases.Count);
        foreach (var database in databases)
        {
            if (known?.Contains(database) != true)
            {
                _marks.Add(new Mark(database, database.GetCommitSequence()));
            }
        }

        if (gate.IncludesAdded)
        {
            (_all, _seen) = (gate, databases);
        }
    }

    /// <summary>Of a database that was added since the request came, everything may be this request's doing.</summary>
    private void MindAdded(ReplicationGate gate)
    {
        var databases = gate.Databases();
        if (databases == _seen)
        {
            return;
        }

        var before = _seen.ToHashSet();
        _marks.AddRange(databases.Where(database => !before.Contains(database)).Select(database => new Mark(database, 0)));
        _seen = databases;
    }

    private readonly record struct Mark(ILitestreamDatabase Database, long Sequence);
}

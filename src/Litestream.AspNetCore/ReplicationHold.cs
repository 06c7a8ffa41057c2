using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Litestream.AspNetCore;

/// <summary>
/// One request's wait: which databases it may have changed, and whether its response may leave. Used by one request, one
/// call at a time.
/// </summary>
internal sealed class ReplicationHold(
    ReplicationGate gate, HttpContext context, RequireReplicationOptions options, IReadOnlyList<ILitestreamDatabase> databases)
{
    private readonly List<Mark> _marks = MarksOf(databases);
    private RequireReplicationOptions _options = options;

    /// <summary>An endpoint within has options of its own.</summary>
    public void Use(RequireReplicationOptions inner, IReadOnlyList<ILitestreamDatabase> innerDatabases)
    {
        _options = inner;
        if (inner.Ignores(context.Request.Method))
        {
            _marks.Clear();
            return;
        }

        _marks.AddRange(MarksOf(innerDatabases).Where(mark => !_marks.Exists(known => known.Database == mark.Database)));
    }

    /// <summary>
    /// Waits until what was committed since the request came, or since this was last asked, is on the replicas.
    /// </summary>
    /// <returns>True if the response may leave; false if it must not.</returns>
    public ValueTask<bool> MayLeaveAsync()
    {
        List<ILitestreamDatabase>? changed = null;
        for (var i = 0; i < _marks.Count; i++)
        {
            var (database, before) = _marks[i];
            if (database.HasCommittedSince(before))
            {
                // Taken before the wait: what is committed meanwhile is seen at the end.
                _marks[i] = new Mark(database, database.GetCommitSequence());
                (changed ??= []).Add(database);
            }
        }

        return changed is null ? ValueTask.FromResult(true) : new ValueTask<bool>(MayLeaveAsync(changed));
    }

    /// <summary>Answers in place of the response, or ends one that has begun.</summary>
    /// <param name="original">Where the answer goes.</param>
    public async Task RefuseAsync(IHttpResponseBodyFeature original)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (context.Response.HasStarted)
        {
            gate.Aborted(context.Request);
            context.Abort();
            return;
        }

        var held = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        context.Features.Set(original);
        try
        {
            await ReplicationProblem.WriteAsync(context, _options.Timeout).ConfigureAwait(false);
        }
        finally
        {
            context.Features.Set(held);
        }
    }

    private async Task<bool> MayLeaveAsync(List<ILitestreamDatabase> changed)
    {
        var replicated = await TryWaitAsync(changed).ConfigureAwait(false);
        if (_options.Unreplicated != UnreplicatedResponse.Header)
        {
            return replicated;
        }

        if (!context.Response.HasStarted)
        {
            context.Response.Headers[_options.HeaderName] = replicated ? "true" : "false";
        }

        return true;
    }

    private async Task<bool> TryWaitAsync(List<ILitestreamDatabase> changed)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, gate.TimeProvider);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted);
        var token = patience.Token;
        try
        {
            await Task.WhenAll(changed.Select(database => database.WaitForReplicationAsync(token))).ConfigureAwait(false);
            gate.Succeeded();
            return true;
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            if (!context.RequestAborted.IsCancellationRequested)
            {
                gate.Failed(context.Request, Names(changed), _options.Timeout, reason: null);
            }

            return false;
        }
        catch (Exception exception) when (exception is LitestreamException or InvalidOperationException)
        {
            // A replica is faulted, or replication was stopped: it is no use to wait.
            gate.Failed(context.Request, Names(changed), _options.Timeout, exception);
            return false;
        }
    }

    private static string Names(List<ILitestreamDatabase> databases) => string.Join(", ", databases.Select(database => database.Name));

    private static List<Mark> MarksOf(IReadOnlyList<ILitestreamDatabase> databases)
    {
        var marks = new List<Mark>(databases.Count);
        foreach (var database in databases)
        {
            marks.Add(new Mark(database, database.GetCommitSequence()));
        }

        return marks;
    }

    private readonly record struct Mark(ILitestreamDatabase Database, long Sequence);
}

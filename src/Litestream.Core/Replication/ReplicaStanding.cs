using Litestream.Diagnostics;
using Litestream.Shadow;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// Where a replica stands: what is known to be on it, what it still needs of the shadow, and whether its generation can go
/// on. The pass in progress moves it; everything else reads. Thread-safe.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="logger">Told when a generation cannot go on.</param>
/// <param name="covered">
/// Told up to where everything is restorable, of the last commit in it, which is null where none is known to end there, and
/// of the sequence that this covers where that is known.
/// </param>
internal sealed class ReplicaStanding(
    ICapturedDatabase database, ILogger logger, Action<ReplicationPosition, ReplicationPosition?, long?> covered)
{
    private readonly Lock _lock = new(); // guards _claim, _ours and writing _newest; taken alone
    private ShadowClaim _claim = ShadowClaim.Everything;
    private volatile ReplicaCursor? _cursor;
    private volatile KnownSnapshot? _newest;
    private volatile Refusal? _refusal;
    private volatile ReplicaException? _supersession;
    private readonly HashSet<string> _ours = new(StringComparer.Ordinal);

    /// <summary>Told once, when somebody else has taken over.</summary>
    public event Action<ReplicaException>? Superseded;

    /// <summary>Why nothing is published here any more by this process; null while it is.</summary>
    public ReplicaException? Supersession => _supersession;

    /// <summary>Where the worker is; null before it has looked at the replica.</summary>
    public ReplicaCursor? Cursor => _cursor;

    /// <summary>
    /// What is known to be on the replica of the generation in use; null while it has to get a snapshot first, cannot go on,
    /// or is still in the generation before: what is being left is not looked after any more.
    /// </summary>
    public ReplicaProgress? Progress =>
        Known is { } known && known.Cursor.Generation == database.Shadow.Head?.Position.Generation ? known : null;

    /// <summary>The newest snapshot of the generation that the replica is in.</summary>
    public KnownSnapshot? Newest => Known?.Newest;

    /// <summary>What is needed of the shadow.</summary>
    public ShadowClaim Claim
    {
        get
        {
            lock (_lock)
            {
                return _claim;
            }
        }

        set
        {
            lock (_lock)
            {
                _claim = _supersession is null ? value : ShadowClaim.Nothing;
            }
        }
    }

    /// <summary>Why this generation is not gone on with here; null if it is.</summary>
    public string? RefusalOf(string generation) =>
        _supersession is { } superseded ? superseded.Message : _refusal is { } refusal && refusal.Generation == generation ? refusal.Detail : null;

    /// <summary>True for each generation that this process has been in.</summary>
    public bool IsOurs(string generation)
    {
        lock (_lock)
        {
            return _ours.Contains(generation);
        }
    }

    /// <summary>Somebody else has taken over: nothing is published here any more until the process restarts. Other replicas go on.</summary>
    public void Supersede(string detail)
    {
        var failure = new ReplicaException(detail, innerException: null, isTransient: false);
        if (Interlocked.CompareExchange(ref _supersession, failure, null) is null)
        {
            Claim = ShadowClaim.Nothing; // what nobody will upload need not be kept
            Superseded?.Invoke(failure);
        }
    }

    /// <summary>Throws if somebody else has taken over.</summary>
    public void DemandOurs()
    {
        if (_supersession is { } superseded)
        {
            throw superseded;
        }
    }

    /// <summary>The pass has come to there.</summary>
    /// <param name="cursor">Where it is.</param>
    /// <param name="newest">The newest snapshot of the generation, where it was looked for or made.</param>
    /// <param name="sequence">The sequence that this covers, where that is known.</param>
    public void MoveTo(ReplicaCursor cursor, KnownSnapshot? newest = null, long? sequence = null)
    {
        lock (_lock)
        {
            _ours.Add(cursor.Generation);
            _newest = newest ?? _newest;
        }

        _cursor = cursor;
        if (RefusalOf(cursor.Generation) is not null)
        {
            return; // refused in the middle of the pass: nothing that comes now may be relied on
        }

        Claim = cursor.Claim;
        if (!cursor.NeedsSnapshot)
        {
            covered(cursor.Restorable, LastCommit(cursor), sequence);
        }
    }

    /// <summary>Everything up to this head is restorable, and with it its sequence. A claim that was lost is taken up again.</summary>
    public void Covers(ReplicaCursor cursor, ShadowHead head)
    {
        Claim = cursor.Claim;
        covered(cursor.Restorable, head.Position.Offset > 0 ? head.Position : LastCommit(cursor), head.Sequence);
    }

    /// <summary>Another snapshot of the generation is on the replica.</summary>
    public void SnapshotPublished(KnownSnapshot snapshot)
    {
        lock (_lock)
        {
            if (_newest is { } newest && newest.Generation == snapshot.Generation && newest.Index < snapshot.Index)
            {
                _newest = snapshot;
            }
        }
    }

    /// <summary>Goes on in this generation no more, and asks for another.</summary>
    public void Refuse(string generation, GenerationReason reason, string detail)
    {
        Log.GenerationRefused(logger, generation, database.Name, reason.ToString(), detail);
        _refusal = new Refusal(generation, detail);
        Claim = ShadowClaim.Nothing;
        if (Mutations.Made == Mutation.RefusalForgotten)
        {
            return;
        }

        database.RequestNewGeneration(generation, reason, detail);
    }

    /// <summary>
    /// The last commit that the cursor is known to have reached: a large transaction goes up in parts, and nobody can be
    /// promised a state in the middle of it.
    /// </summary>
    private ReplicationPosition? LastCommit(ReplicaCursor cursor)
    {
        var end = cursor.Restorable;
        if (cursor.Offset == 0 || end.Offset > cursor.Offset || cursor.Previous is not { } last)
        {
            return end; // the end of an index, or of an image
        }

        var commits = database.Shadow.CommitTimes(cursor.Generation, cursor.Index, last.Offset, end.Offset);
        var offset = Math.Max(cursor.ImageOffset, commits.LastOrDefault(commit => commit.NoticedAt is not null).EndOffset);
        return offset > 0 ? end with { Offset = offset } : null;
    }

    private ReplicaProgress? Known =>
        _cursor is { NeedsSnapshot: false } cursor
        && _newest is { } newest
        && newest.Generation == cursor.Generation
        && RefusalOf(cursor.Generation) is null
            ? new ReplicaProgress(cursor, newest)
            : null;

    private sealed record Refusal(string Generation, string Detail);
}

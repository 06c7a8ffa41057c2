using System.Runtime.CompilerServices;

namespace Litestream.Testing.Faults;

/// <summary>
/// A client before another one, which fails as it is told: <see cref="Script"/> says of every call whether and how. Injects
/// nothing by default, and keeps the contract of a client then. Safe for concurrent calls, like what it stands before.
/// </summary>
public sealed class FaultyReplicaClient(IReplicaClient inner) : IReplicaClient
{
    private readonly Lock _lock = new(); // guards the fields below; held for no call
    private readonly List<ReplicaCall> _calls = [];
    private readonly List<(ReplicaCall Call, Fault Fault)> _injected = [];
    private readonly List<string> _written = [];
    private readonly Dictionary<string, TimeSpan> _skews = new(StringComparer.Ordinal);
    private readonly List<(int Due, string Key, byte[] Content, WriteMode Mode)> _late = [];

    /// <summary>What happens to a call; null for nothing. Asked once for every call.</summary>
    public Func<ReplicaCall, Fault?> Script { get; set; } = FaultScript.Nothing;

    /// <summary>Runs before every call, faulty or not: the place where others get a turn.</summary>
    public Func<ReplicaCall, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs after every call that had its effect, before the caller hears of it.</summary>
    public Func<ReplicaCall, Task> After { get; set; } = _ => Task.CompletedTask;

    /// <summary>How far the store's clock is ahead while an object is written; objects keep the time they got.</summary>
    public TimeSpan ClockSkew { get; set; }

    public Uri Location => inner.Location;

    /// <summary>All calls so far.</summary>
    public IReadOnlyList<ReplicaCall> Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>The faults that happened so far.</summary>
    public IReadOnlyList<(ReplicaCall Call, Fault Fault)> Injected
    {
        get
        {
            lock (_lock)
            {
                return [.. _injected];
            }
        }
    }

    /// <summary>Begins the count of calls anew.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _calls.Clear();
            _injected.Clear();
        }
    }

    public async IAsyncEnumerable<ReplicaObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (call, fault) = await BeginAsync(ReplicaOperation.List, prefix, cancellationToken);
        var found = new List<ReplicaObject>();
        await foreach (var entry in inner.ListAsync(prefix, cancellationToken))
        {
            lock (_lock)
            {
                found.Add(entry with { CreatedAt = entry.CreatedAt + _skews.GetValueOrDefault(entry.Key) });
            }
        }

        await After(call);
        foreach (var entry in Listed(call, fault, found, entry => entry.Key))
        {
            yield return entry ?? throw Broken(call);
        }
    }

    public async IAsyncEnumerable<string> ListPrefixesAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (call, fault) = await BeginAsync(ReplicaOperation.ListPrefixes, prefix, cancellationToken);
        var found = new List<string>();
        await foreach (var entry in inner.ListPrefixesAsync(prefix, cancellationToken))
        {
            found.Add(entry);
        }

        await After(call);
        foreach (var entry in Listed(call, fault, found.ConvertAll(name => new Listing(name)), entry => prefix + entry.Name + "/"))
        {
            yield return (entry ?? throw Broken(call)).Name;
        }
    }

    public async Task<Stream> OpenReadAsync(
        string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        var (call, fault) = await BeginAsync(ReplicaOperation.Read, key, cancellationToken);
        var stream = await inner.OpenReadAsync(key, offset, length, cancellationToken);
        await After(call);
        switch (fault?.Kind)
        {
            case FaultKind.FailAfter:
                await stream.DisposeAsync();
                throw Broken(call);
            case FaultKind.Reset or FaultKind.Truncate:
                var content = new MemoryStream();
                await using (stream)
                {
                    await stream.CopyToAsync(content, cancellationToken);
                }

                content.Position = 0;
                return new FaultyStream(content, (long)(content.Length * fault.GoodPart), fault.Kind == FaultKind.Reset);
            default:
                return stream;
        }
    }

    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        var (call, fault) = await BeginAsync(ReplicaOperation.Write, key, cancellationToken);
        switch (fault?.Kind)
        {
            case FaultKind.Reset:
                seekableContent.Position += (long)((seekableContent.Length - seekableContent.Position) * fault.GoodPart);
                throw Broken(call);
            case FaultKind.Late:
                var late = await ReadAsync(seekableContent, cancellationToken);
                lock (_lock)
                {
                    _late.Add((call.Number + fault.Lateness, key, late, mode));
                }

                throw TimedOut(call);
            case FaultKind.Race when mode == WriteMode.CreateNew:
                var start = seekableContent.Position;
                var rival = fault.Rival(await ReadAsync(seekableContent, cancellationToken));
                seekableContent.Position = start;
                await LandAsync(key, rival, WriteMode.CreateNew);
                break;
        }

        var written = await StoreAsync(key, seekableContent, mode, cancellationToken);
        await After(call);
        return fault?.Kind == FaultKind.FailAfter ? throw Broken(call) : written;
    }

    public async Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        var (call, fault) = await BeginAsync(ReplicaOperation.Delete, keys.FirstOrDefault() ?? "", cancellationToken);
        var part = fault?.Kind == FaultKind.Reset ? (int)(keys.Count * fault.GoodPart) : keys.Count;
        await inner.DeleteAsync([.. keys.Take(part)], cancellationToken);
        await After(call);
        if (fault?.Kind is FaultKind.Reset or FaultKind.FailAfter)
        {
            throw Broken(call);
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static ReplicaException Broken(ReplicaCall call) =>
        new($"{call}: the connection was reset.", new IOException("Connection reset by peer."), isTransient: true);

    private static ReplicaException TimedOut(ReplicaCall call) =>
        new($"{call}: no answer within the time.", new TimeoutException(), isTransient: true);

    private static async Task<byte[]> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken);
        return content.ToArray();
    }

    private static bool Applies(FaultKind kind, ReplicaOperation operation) => kind switch
    {
        FaultKind.Truncate => operation is ReplicaOperation.List or ReplicaOperation.ListPrefixes or ReplicaOperation.Read,
        FaultKind.Late => operation is ReplicaOperation.List or ReplicaOperation.ListPrefixes or ReplicaOperation.Write,
        FaultKind.Shuffle or FaultKind.Twice or FaultKind.Hide => operation is ReplicaOperation.List or ReplicaOperation.ListPrefixes,
        FaultKind.Race => operation == ReplicaOperation.Write,
        _ => true,
    };

    private async Task<(ReplicaCall Call, Fault? Fault)> BeginAsync(
        ReplicaOperation operation, string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ReplicaCall call;
        List<(int Due, string Key, byte[] Content, WriteMode Mode)> landing;
        lock (_lock)
        {
            call = new ReplicaCall(_calls.Count + 1, operation, key);
            _calls.Add(call);
            landing = _late.FindAll(write => write.Due <= call.Number);
            _late.RemoveAll(landing.Contains);
        }

        foreach (var write in landing)
        {
            await LandAsync(write.Key, write.Content, write.Mode);
        }

        await Before(call);
        cancellationToken.ThrowIfCancellationRequested();
        var fault = Script(call) is { } drawn && Applies(drawn.Kind, operation) ? drawn : null;
        if (fault is null)
        {
            return (call, null);
        }

        lock (_lock)
        {
            _injected.Add((call, fault));
        }

        switch (fault.Kind)
        {
            case FaultKind.FailBefore:
                throw new ReplicaException($"{call}: the store answered {fault.Status}.", innerException: null, isTransient: true);
            case FaultKind.TimeOut:
                throw TimedOut(call);
            case FaultKind.Deny:
                throw new ReplicaException($"{call}: the store answered 403.");
            case FaultKind.Hang:
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
        }

        return (call, fault);
    }

    /// <summary>A write whose answer this caller does not see.</summary>
    private async Task LandAsync(string key, byte[] content, WriteMode mode)
    {
        try
        {
            await StoreAsync(key, new MemoryStream(content), mode, CancellationToken.None);
        }
        catch (ReplicaObjectExistsException)
        {
            // The condition did not hold.
        }
    }

    private async Task<ReplicaObject> StoreAsync(string key, Stream content, WriteMode mode, CancellationToken cancellationToken)
    {
        var written = await inner.WriteAsync(key, content, mode, cancellationToken);
        lock (_lock)
        {
            _written.Add(key);
            _skews[key] = ClockSkew;
            return written with { CreatedAt = written.CreatedAt + ClockSkew };
        }
    }

    /// <summary>What a listing yields under a fault; null where it breaks.</summary>
    private List<T?> Listed<T>(ReplicaCall call, Fault? fault, List<T> found, Func<T, string> keyOf)
        where T : struct
    {
        var good = (int)(found.Count * (fault?.GoodPart ?? 1));
        List<string> young;
        lock (_lock)
        {
            young = fault?.Kind == FaultKind.Late ? [.. _written.TakeLast(fault.Lateness)] : [];
        }

        IEnumerable<T?> listed = fault?.Kind switch
        {
            FaultKind.Reset or FaultKind.FailAfter => [.. found.Take(fault.Kind == FaultKind.Reset ? good : found.Count).Cast<T?>(), null],
            FaultKind.Truncate => found.Take(good).Cast<T?>(),
            FaultKind.Shuffle => found.OrderBy(entry => Scrambled(call.Number, keyOf(entry))).Cast<T?>(),
            FaultKind.Twice => found.SelectMany(entry => new T?[] { entry, entry }),
            FaultKind.Hide => [],
            FaultKind.Late => found.Where(entry => !young.Exists(key => key.StartsWith(keyOf(entry), StringComparison.Ordinal))).Cast<T?>(),
            _ => found.Cast<T?>(),
        };
        return [.. listed];
    }

    /// <summary>An order without reason that is the same in every run.</summary>
    private static uint Scrambled(int seed, string key) => key.Aggregate((uint)seed * 2654435761, (hash, c) => (hash ^ c) * 16777619);

    /// <summary>A name in a listing of prefixes.</summary>
    private readonly record struct Listing(string Name);
}

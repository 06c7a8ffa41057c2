namespace Litestream.Replication;

/// <summary>
/// What reads a whole database happens for one database at a time, for all that share this, whatever their number: a start
/// of a thousand databases takes the memory and the disk of one snapshot. A small database does not queue behind a large
/// one, whose reading takes minutes in which the small one had no backup. Nobody holds a turn while a store is waited for,
/// except for a verification, which has turns of its own. Thread-safe.
/// </summary>
/// <remarks>
/// Order: a verification's turn, a turn to read, the database's own gate. Disposed by nobody: a semaphore without a wait
/// handle holds nothing.
/// </remarks>
#pragma warning disable CA1001 // See the remarks.
internal sealed class HeavyWork
#pragma warning restore CA1001
{
    /// <summary>From this size on a database is large: about a second of reading on an ordinary disk.</summary>
    public const long LargeBytes = 256L << 20;

    private readonly SemaphoreSlim? _small;
    private readonly SemaphoreSlim? _large;
    private readonly SemaphoreSlim? _verification;
    private int _waiting;

    /// <summary>One for the databases of a host.</summary>
    public HeavyWork()
        : this(isShared: true)
    {
    }

    private HeavyWork(bool isShared)
    {
        if (isShared)
        {
            (_small, _large, _verification) = (new SemaphoreSlim(1, 1), new SemaphoreSlim(1, 1), new SemaphoreSlim(1, 1));
        }
    }

    /// <summary>For a database by itself: nobody waits.</summary>
    public static HeavyWork Unshared { get; } = new(isShared: false);

    /// <summary>How many wait for a turn.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>The right to read all of a database, given back when disposed.</summary>
    /// <param name="size">About how large it is, in bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IDisposable?> TakeAsync(long size, CancellationToken cancellationToken) =>
        TakeAsync(size < LargeBytes ? _small : _large, cancellationToken);

    /// <summary>The right to restore a copy and compare it, given back when disposed.</summary>
    public Task<IDisposable?> TakeForVerificationAsync(CancellationToken cancellationToken) => TakeAsync(_verification, cancellationToken);

    private async Task<IDisposable?> TakeAsync(SemaphoreSlim? turns, CancellationToken cancellationToken)
    {
        if (turns is null)
        {
            return null;
        }

        Interlocked.Increment(ref _waiting);
        try
        {
            await turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        return new Turn(turns);
    }

    private sealed class Turn(SemaphoreSlim turns) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _ended, true))
            {
                turns.Release();
            }
        }
    }
}

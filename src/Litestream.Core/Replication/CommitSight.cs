using Litestream.Sqlite;

namespace Litestream.Replication;

/// <summary>
/// Tells whoever asks whether anything was committed since they last asked, by whichever process: a number that grows. It
/// reads the wal-index where SQLite has mapped it, so that a commit counts from the moment it is visible, and not only
/// once the watcher has come by.
/// </summary>
/// <remarks>
/// Thread-safe. Where it cannot tell, it says that something was committed: nobody may take an answer for durable because
/// of a look that failed.
/// </remarks>
internal sealed class CommitSight(string path)
{
    /// <summary>A writer publishes a header in nanoseconds; one that stays torn was left by a writer that was killed.</summary>
    private const int Attempts = 100;

    // Guards the fields below and every read of the wal-index: while somebody reads, the address stays valid. Taken alone.
    private readonly Lock _lock = new();
    private nint _walIndex;
    private DateTime _created;
    private View? _last;
    private long _sequence;

    /// <summary>
    /// Looks through this wal-index from now on. Again from time to time: where a file system keeps no time of creation, another
    /// time stands for it, which moves.
    /// </summary>
    /// <param name="walIndexPointer">Its address. Valid until <see cref="Close"/> has returned: call that before its connection closes.</param>
    /// <param name="hasMoved">Whether the file at the path is another one than the connection's.</param>
    public void Open(nint walIndexPointer, Func<bool> hasMoved)
    {
        // In this order: the time is that of the connection's own file, if that still has its place afterwards.
        var created = Created();
        Set(hasMoved() ? 0 : walIndexPointer, created);
    }

    /// <summary>Once this returns, nobody reads the wal-index any more.</summary>
    public void Close() => Set(0, default);

    /// <summary>The number as it is now.</summary>
    public long Read()
    {
        lock (_lock)
        {
            return Count();
        }
    }

    /// <summary>Whether anything was committed since the number was <paramref name="sequence"/>, or it cannot be told.</summary>
    /// <param name="sequence">What <see cref="Read"/> returned; 0, which it never does, for the time before there was a database.</param>
    public bool HasCommittedSince(long sequence)
    {
        if (sequence == 0)
        {
            lock (_lock)
            {
                return _walIndex != 0 || Look() is null;
            }
        }

        // A file that was replaced has a wal-index of its own, which the old address does not lead to.
        var created = Created();
        lock (_lock)
        {
            return Count() != sequence || (_walIndex != 0 && created != _created);
        }
    }

    private long Count()
    {
        var view = Look();
        if (view is null || view != _last)
        {
            _sequence++;
            _last = view;
        }

        return _sequence;
    }

    private View? Look()
    {
        if (_walIndex == 0)
        {
            return new FileInfo(path) is { Exists: true, Length: > 0 } ? null : default(View);
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (WalIndexGlance.TryTake(_walIndex, out var glance))
            {
                return new View(glance);
            }

            Thread.SpinWait(20);
        }

        return null;
    }

    private void Set(nint walIndexPointer, DateTime created)
    {
        lock (_lock)
        {
            if (walIndexPointer != _walIndex)
            {
                // Another wal-index may look as the last one did, and stand for another database.
                _last = null;
            }

            (_walIndex, _created) = (walIndexPointer, created);
        }
    }

    private DateTime Created() => File.GetCreationTimeUtc(path);

    /// <summary>What was seen; without a glance, that there is no database.</summary>
    private readonly record struct View(WalIndexGlance? Glance);
}

using Litestream.Wal;

namespace Litestream.Sqlite;

/// <summary>
/// As much of a WAL-index header as tells whether anything was committed since: nanoseconds to take, by address alone,
/// for the thread that looks at all databases. Nothing may be copied on its strength.
/// </summary>
/// <param name="ChangeCounter">Grows with every transaction.</param>
/// <param name="MaxFrame">The last committed frame.</param>
/// <param name="Salts">In native byte order: to be compared with each other only.</param>
internal readonly record struct WalIndexGlance(uint ChangeCounter, uint MaxFrame, WalSalts Salts)
{
    /// <summary>Looks at a WAL-index (<see cref="WalIndex.Pointer"/>), whose connection must be open.</summary>
    /// <returns>False while the two copies of the header differ: a writer is publishing, or was killed in between.</returns>
    public static unsafe bool TryTake(nint walIndexPointer, out WalIndexGlance glance)
    {
        Span<uint> words = stackalloc uint[WalIndexHeader.Size / sizeof(uint)];
        var sound = WalIndex.TryCopy(walIndexPointer, words);
        glance = new WalIndexGlance(words[2], words[4], new WalSalts(words[8], words[9]));
        return sound;
    }
}

namespace Litestream.Restore;

/// <summary>
/// Every object of a generation has a trailer, or none has: no generation is written to by this library and by Litestream.
/// One that has none among others has lost it, and with it the proof of what it continues.
/// </summary>
internal sealed class TrailerUnity(ReplicaReader reader)
{
    private bool _anyHasOne;
    private string? _bare;

    /// <summary>Whether all that was added had a trailer that could be read.</summary>
    public bool AllHaveOne { get; private set; } = true;

    /// <exception cref="ReplicaCorruptedException">This object, or one before it, has no trailer, and others of the generation have.</exception>
    public void Add(string key, bool hasTrailer)
    {
        AllHaveOne &= hasTrailer;
        if (hasTrailer || reader.HasNewerTrailer(key))
        {
            _anyHasOne = true;
        }
        else
        {
            _bare ??= key;
        }

        if (_anyHasOne && _bare is not null)
        {
            throw new ReplicaCorruptedException(
                $"The object '{_bare}' ends with its data; the trailer that other objects of its generation have behind it is missing.", _bare);
        }
    }
}

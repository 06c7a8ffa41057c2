using Litestream.Sqlite;

namespace Litestream.Shadow;

/// <summary>
/// Adds to the state of a generation whose WAL has not begun what proves, at a later start, that nothing was committed: the
/// hash of the file. Read once, unless it may have changed. Used by one thread at a time.
/// </summary>
internal sealed class RestRecord(MetaDirectory meta, ReadMarks marks)
{
    private RestingFile? _file;

    /// <summary>The file under the mark has this hash.</summary>
    public void IsKnown(string hash) => _file = RestingFile.Known(marks.Mark, hash);

    /// <summary>The state with the hash, if there is one to have.</summary>
    public ShadowState Complete(ShadowState state, bool hasBegun)
    {
        while (!TryAdvance(state, hasBegun, out state))
        {
        }

        return state;
    }

    /// <summary>Reads the next part of the file, and writes the state when that was the last.</summary>
    /// <param name="state">The state.</param>
    /// <param name="hasBegun">Whether something of the index has been copied.</param>
    /// <param name="recorded">The state as it is on the disk now.</param>
    /// <returns>False if there is more to read.</returns>
    public bool TryRecord(ShadowState state, bool hasBegun, out ShadowState recorded)
    {
        recorded = state;
        if (state.FileHash is not null)
        {
            return true;
        }

        var isDone = TryAdvance(state, hasBegun, out var next);
        if (next != state)
        {
            try
            {
                meta.WriteState(next);
                recorded = next;
            }
            catch (IOException)
            {
                // A full disk: nothing is worse than it was, and the next time at rest tries again.
            }
        }

        return isDone;
    }

    /// <summary>Reads the next part of the file.</summary>
    /// <param name="state">The state.</param>
    /// <param name="hasBegun">Whether something of the index has been copied.</param>
    /// <param name="next">The state, with the hash once that is known.</param>
    /// <returns>False if there is more to read.</returns>
    private bool TryAdvance(ShadowState state, bool hasBegun, out ShadowState next)
    {
        next = state;
        if (hasBegun || state.Salts is not null || !RestingFile.IsUnder(marks.Mark))
        {
            _file = null;
            return true;
        }

        if (_file is null || !_file.IsOf(marks))
        {
            _file = RestingFile.Begin(marks.Mark);
        }

        var isDone = _file.Advance(marks);
        if (_file.Hash is { } hash && _file.IsOf(marks))
        {
            next = state with { FileHash = hash };
        }

        return isDone;
    }
}

namespace Litestream.Diagnostics;

/// <summary>
/// Test only: mistakes that programs of this kind have made. test/Litestream.Simulation makes each of them again, one at a time,
/// to show that it would be found. Nothing else sets <see cref="Mutations.Made"/>.
/// </summary>
/// <remarks>
/// Each name stands exactly where the protection against it is. What is asked is one static field, once for a pass, a call or
/// a segment, never for a frame.
/// </remarks>
internal enum Mutation
{
    /// <summary>No mistake: this library.</summary>
    None,

    /// <summary>The mark is let go of, then a checkpoint, then a new mark: what Litestream v0.3.13 does.</summary>
    ReleaseBeforeCheckpoint,

    /// <summary>Copies as far as checksums go, and not only what SQLite says is committed.</summary>
    CopyPastMaxFrame,

    /// <summary>A first mark on read lock 0 is trusted without a look at what it sees.</summary>
    FirstMarkUnchecked,

    /// <summary>At a start it is enough that the last frame of the shadow lies in the WAL at its place.</summary>
    ResumeByLastFrame,

    /// <summary>What the replica holds is judged by its length.</summary>
    ResumeByLength,

    /// <summary>Other salts at a start are taken for the next index, though nobody held a mark.</summary>
    IndexWithoutMark,

    /// <summary>The mark stays on read lock 0.</summary>
    LeapForgotten,

    /// <summary>The older mark is let go of before what it sees has been copied.</summary>
    MarkClosedBeforeCopy,

    /// <summary>A snapshot is named after the index that is to come.</summary>
    SnapshotNamedNext,

    /// <summary>A later snapshot is published before the WAL that it needs.</summary>
    SnapshotBeforeItsWal,

    /// <summary>A generation's WAL is published before its first snapshot.</summary>
    WalBeforeFirstSnapshot,

    /// <summary>Captured is taken for restorable while the generation has no snapshot yet.</summary>
    AcknowledgeBeforeSnapshot,

    /// <summary>An upload that fails is taken for one that went well.</summary>
    UploadFailureIgnored,

    /// <summary>A key that is taken already is taken for one's own.</summary>
    ConflictTakenAsSuccess,

    /// <summary>A listing that fails is taken for an empty one.</summary>
    FailedListingIsEmpty,

    /// <summary>Goes on to the next index before all of the last one is up.</summary>
    IndexTailSkipped,

    /// <summary>Removes from the shadow what a replica still lacks.</summary>
    ClaimsIgnored,

    /// <summary>A replica that cannot go on in a generation asks for no other.</summary>
    RefusalForgotten,
}

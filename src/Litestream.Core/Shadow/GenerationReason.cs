namespace Litestream.Shadow;

/// <summary>Why a generation was started. Each is a way in which continuity could not be proven.</summary>
internal enum GenerationReason
{
    /// <summary>There was none yet.</summary>
    NoneYet,

    /// <summary>The WAL was restarted or removed while nobody held it: what it held in between is unknown.</summary>
    WalResetWhileAway,

    /// <summary>The WAL no longer holds, or never held, what was copied from it.</summary>
    WalOverwritten,

    /// <summary>The local copy is torn, missing or of an unknown version.</summary>
    ShadowTorn,

    /// <summary>The replica holds another history under our generation.</summary>
    ReplicaDiverged,

    /// <summary>The replica lacks something that was uploaded.</summary>
    ReplicaHoled,

    /// <summary>Somebody else writes to the replica under our generation.</summary>
    ReplicaConflict,

    /// <summary>The database has another page size now.</summary>
    PageSizeChanged,

    /// <summary>The database file was replaced by another one.</summary>
    DatabaseReplaced,

    /// <summary>The last index, or the last offset of a WAL that the format can name, has been used.</summary>
    IndexLimit,

    /// <summary>The database has just been restored.</summary>
    Restored,

    /// <summary>A verification found a difference.</summary>
    VerificationFailed,
}

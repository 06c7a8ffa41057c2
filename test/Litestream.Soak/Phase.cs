namespace Litestream.Soak;

/// <summary>What the application goes through, in this order, cycle after cycle.</summary>
internal enum Phase
{
    /// <summary>A few commits each second.</summary>
    Low,

    /// <summary>As an import or a rush does it.</summary>
    Burst,

    /// <summary>Load, while connections hold a read transaction that they forgot: no WAL can start over.</summary>
    LeakedReader,

    /// <summary>Load, while another process with another SQLite writes, checkpoints and vacuums.</summary>
    Strangers,

    /// <summary>Nothing at all.</summary>
    Idle,

    /// <summary>A replica is restored elsewhere and compared with the database, still without load.</summary>
    Restore,
}

namespace Litestream;

/// <summary>Which of SQLite's checks a restored database must pass before it is put in place.</summary>
public enum IntegrityCheck
{
    /// <summary><see cref="Quick"/> where trailers prove the chain of every object used, <see cref="Full"/> where nothing does.</summary>
    Auto,

    /// <summary>No check by SQLite. The checksums of every frame are verified all the same.</summary>
    None,

    /// <summary><c>PRAGMA quick_check</c>: everything but the comparison of indexes with tables.</summary>
    Quick,

    /// <summary><c>PRAGMA integrity_check</c>.</summary>
    Full,
}

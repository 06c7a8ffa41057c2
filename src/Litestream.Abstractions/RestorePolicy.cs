namespace Litestream;

/// <summary>Whether a database is restored when the application starts.</summary>
public enum RestorePolicy
{
    /// <summary>Never restored at start.</summary>
    Never,

    /// <summary>Restored if the file is missing and a replica has a backup. No backup anywhere: the application starts with a new database. A replica that cannot be read stops the start.</summary>
    IfMissing,

    /// <summary>As <see cref="IfMissing"/>, but a missing file without a backup stops the start.</summary>
    Required,
}

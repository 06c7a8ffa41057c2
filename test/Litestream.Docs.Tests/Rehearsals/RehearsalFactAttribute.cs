namespace Litestream.Docs.Rehearsals;

/// <summary>A rehearsal needs a Unix shell and the sqlite3 command line. Under CI it runs, or fails, without them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RehearsalFactAttribute : FactAttribute
{
    private bool _litestream;

    public RehearsalFactAttribute() => Skip = Programs.WhatIsMissing(litestream: false);

    /// <summary>True if the real litestream takes part.</summary>
    public bool Litestream
    {
        get => _litestream;
        set
        {
            _litestream = value;
            Skip = Programs.WhatIsMissing(value);
        }
    }
}

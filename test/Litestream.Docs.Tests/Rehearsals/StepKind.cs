namespace Litestream.Docs.Rehearsals;

/// <summary>What a block of a document stands for.</summary>
internal enum StepKind
{
    /// <summary>Commands that have to succeed.</summary>
    Succeeds,

    /// <summary>Commands that have to fail: the document shows what goes wrong.</summary>
    Fails,

    /// <summary>A program that goes on running while the reader continues.</summary>
    Background,

    /// <summary>The contents of a file that the reader is told to make.</summary>
    File,
}

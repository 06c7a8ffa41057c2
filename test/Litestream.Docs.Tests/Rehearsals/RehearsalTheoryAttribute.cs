namespace Litestream.Docs.Rehearsals;

/// <summary>The same for the cases of a document.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RehearsalTheoryAttribute : TheoryAttribute
{
    public RehearsalTheoryAttribute() => Skip = Programs.WhatIsMissing(litestream: false);
}

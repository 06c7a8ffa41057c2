namespace Litestream.Crash.Durability;

/// <summary>A theory that holds system calls up; skipped where <see cref="StraceFactAttribute"/> is.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StraceTheoryAttribute : TheoryAttribute
{
    public StraceTheoryAttribute() => Skip = StraceFactAttribute.Missing;
}

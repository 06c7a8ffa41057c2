namespace Litestream.Testing;

/// <summary>A test that starts applications by <c>dotnet exec</c>, which those published with their runtime are not made for.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FrameworkDependentFactAttribute : FactAttribute
{
    public FrameworkDependentFactAttribute() => Skip = File.Exists(Path.Combine(AppContext.BaseDirectory, "System.Private.CoreLib.dll"))
        ? "needs the applications as they are built, without a runtime of their own"
        : null;
}

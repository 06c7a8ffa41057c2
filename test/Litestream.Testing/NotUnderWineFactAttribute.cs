namespace Litestream.Testing;

/// <summary>A test of something that Windows has and Wine has not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NotUnderWineFactAttribute : FactAttribute
{
    /// <param name="because">What that is.</param>
    public NotUnderWineFactAttribute(string because)
    {
        Because = because;
        Skip = Wine.IsHere ? because : null;
    }

    public string Because { get; }
}

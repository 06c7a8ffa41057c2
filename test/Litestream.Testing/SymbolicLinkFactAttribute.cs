namespace Litestream.Testing;

/// <summary>A test that makes symbolic links.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SymbolicLinkFactAttribute : FactAttribute
{
    private static readonly string? s_obstacle = Wine.IsHere ? "Wine 8 has no symbolic links" : Refusal();

    public SymbolicLinkFactAttribute() => Skip = s_obstacle;

    // Windows grants them to administrators, and to everybody in its developer mode.
    private static string? Refusal()
    {
        using var folder = new TempDirectory();
        try
        {
            File.CreateSymbolicLink(folder.File("link"), folder.File("target"));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "needs the right to make symbolic links";
        }
    }
}

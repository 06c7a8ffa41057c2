using System.Runtime.InteropServices;

namespace Litestream.Testing;

/// <summary>Whether Windows is Wine, which has not all that Windows has.</summary>
public static class Wine
{
    public static bool IsHere { get; } =
        OperatingSystem.IsWindows() && NativeLibrary.TryLoad("ntdll.dll", out var library) && NativeLibrary.TryGetExport(library, "wine_get_version", out _);
}

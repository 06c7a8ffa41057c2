using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Litestream.Benchmarks;

/// <summary>The plain loop in C, at -O3, for comparison; where there is a compiler.</summary>
internal static unsafe class CCompiler
{
    private const string Source = """
        #include <stdint.h>
        #include <stddef.h>
        uint32_t checksum(const uint32_t *data, size_t words) {
            uint32_t s1 = 0, s2 = 0;
            for (const uint32_t *end = data + words; data < end; data += 2) {
                s1 += data[0] + s2;
                s2 += data[1] + s1;
            }
            return s1 ^ s2;
        }
        """;

    /// <summary>The compiled function: words and how many; null without a compiler.</summary>
    public static delegate* unmanaged[Cdecl]<uint*, nuint, uint> Checksum { get; } = Compile();

    private static delegate* unmanaged[Cdecl]<uint*, nuint, uint> Compile()
    {
        var folder = Directory.CreateTempSubdirectory("litestream-net-bench-");
        try
        {
            var (source, library) = (Path.Combine(folder.FullName, "checksum.c"), Path.Combine(folder.FullName, "checksum.so"));
            File.WriteAllText(source, Source);
            foreach (var compiler in (string[])["clang", "gcc", "cc"])
            {
                try
                {
                    using var process = Process.Start(compiler, ["-O3", "-march=native", "-shared", "-fPIC", "-o", library, source]);
                    process.WaitForExit();
                    if (process.ExitCode == 0)
                    {
                        return (delegate* unmanaged[Cdecl]<uint*, nuint, uint>)NativeLibrary.GetExport(NativeLibrary.Load(library), "checksum");
                    }
                }
                catch (System.ComponentModel.Win32Exception)
                {
                    // Not there.
                }
            }

            return null;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

using System.Globalization;
using System.Text.Json;

namespace Litestream.Restore;

/// <summary>One of the recorded replicas, as a copy whose files have the times that the record names.</summary>
internal sealed class GoldenReplica : IDisposable
{
    private readonly Testing.TempDirectory _directory = new();

    public GoldenReplica(string set)
    {
        var source = System.IO.Path.Combine(AppContext.BaseDirectory, "Golden", set.Replace('/', System.IO.Path.DirectorySeparatorChar));
        using var document = JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.Combine(source, "expected.json")));
        Expected = document.RootElement.Clone();
        foreach (var file in Expected.GetProperty("files").EnumerateArray())
        {
            var path = file.GetProperty("path").GetString()!;
            var copy = _directory.File(path);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            File.Copy(System.IO.Path.Combine(source, path), copy);
            File.SetLastWriteTimeUtc(copy, DateTime.Parse(
                file.GetProperty("mtime").GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal));
        }
    }

    public static string[] Sets { get; } =
        [.. Directory.EnumerateFiles(System.IO.Path.Combine(AppContext.BaseDirectory, "Golden"), "expected.json", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(System.IO.Path.Combine(AppContext.BaseDirectory, "Golden"), System.IO.Path.GetDirectoryName(file)!).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)];

    public JsonElement Expected { get; }

    public string Path => _directory.File("replica");

    /// <summary>The options that mean what the recorded command line said.</summary>
    public static RestoreOptions OptionsOf(JsonElement restore, string output)
    {
        var options = new RestoreOptions { OutputPath = output };
        var arguments = restore.GetProperty("args").EnumerateArray().Select(argument => argument.GetString()!).ToArray();
        for (var i = 0; i < arguments.Length; i += 2)
        {
            var value = arguments[i + 1];
            _ = arguments[i] switch
            {
                "-generation" => options.Generation = value,
                "-timestamp" => (object)(options.Timestamp = DateTimeOffset.Parse(value, CultureInfo.InvariantCulture)),
                "-index" => options.Index = int.Parse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                "-parallelism" => options.Parallelism = int.Parse(value, CultureInfo.InvariantCulture),
                _ => throw new InvalidOperationException($"Unknown argument {arguments[i]}."),
            };
        }

        return options;
    }

    public void Dispose() => _directory.Dispose();
}

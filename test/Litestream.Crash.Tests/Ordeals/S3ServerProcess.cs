using System.Globalization;
using Litestream.S3;
using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>
/// A real S3 server of a test's own that keeps its data when it is killed, started by the scripts that
/// <c>S3_SERVER_SCRIPTS</c> names, or that lie in <c>../shared/s3</c>.
/// </summary>
internal sealed class S3ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly TempDirectory _state = new();
    private Dictionary<string, string> _settings = [];

    private S3ServerProcess()
    {
    }

    /// <summary>The folder with start-radosgw.sh and stop.sh; null if there is none.</summary>
    public static string? Scripts { get; } =
        new[] { Environment.GetEnvironmentVariable("S3_SERVER_SCRIPTS"), Repository.Combine("..", "shared", "s3") }
            .FirstOrDefault(folder => folder is { Length: > 0 } && File.Exists(Path.Combine(folder, "start-radosgw.sh")));

    /// <summary>Its keys, for the environment of an application.</summary>
    public IEnumerable<string> Environments => _settings.Where(pair => pair.Key.StartsWith("AWS_", StringComparison.Ordinal)).Select(pair => $"{pair.Key}={pair.Value}");

    public static async Task<S3ServerProcess> StartAsync()
    {
        var server = new S3ServerProcess();
        await server.RestartAsync();
        return server;
    }

    public BankReplica NewReplica() => new($"s3://{_settings["S3_BUCKET"]}/ordeal/{Guid.NewGuid():N}", new S3ReplicaOptions
    {
        Endpoint = _settings["S3_ENDPOINT"],
        Region = _settings["AWS_REGION"],
        AccessKeyId = _settings["AWS_ACCESS_KEY_ID"],
        SecretAccessKey = _settings["AWS_SECRET_ACCESS_KEY"],
    });

    /// <summary>Starts it, again on the same port and with the data that it had.</summary>
    public async Task RestartAsync()
    {
        string[] port = _settings.TryGetValue("S3_ENDPOINT", out var endpoint) ? [new Uri(endpoint).Port.ToString(CultureInfo.InvariantCulture)] : [];
        var (exitCode, output) = await ChildProcess.RunAsync(
            Timeout, "env", ["CEPH_STORE=bluestore", "bash", Path.Combine(Scripts!, "start-radosgw.sh"), _state.Path, .. port]);
        exitCode.Should().Be(0, output);
        _settings = output.Split('\n')
            .Where(line => line.StartsWith("export ", StringComparison.Ordinal))
            .Select(line => line["export ".Length..].Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
    }

    /// <summary>kill -9 of all its processes.</summary>
    public async Task KillAsync()
    {
        var processes = (await File.ReadAllLinesAsync(_state.File("pids"))).Select(line => line.Split(' ')[0]);
        await ChildProcess.RunAsync(Timeout, "kill", ["-9", .. processes]);
    }

    public async ValueTask DisposeAsync()
    {
        await ChildProcess.RunAsync(Timeout, "bash", Path.Combine(Scripts!, "stop.sh"), _state.Path, "--wipe");
        _state.Dispose();
    }
}

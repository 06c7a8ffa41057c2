using System.Security.Cryptography;
using Litestream.Storage;
using Litestream.Testing;

namespace Litestream.Interop;

/// <summary>One replica restored by the real program and by us, side by side.</summary>
internal static class BothRestores
{
    private static int s_count;

    /// <summary>Both restore, and the files are equal byte for byte. Returns ours.</summary>
    public static async Task<string> AreIdenticalAsync(
        TempDirectory folder, string replica, RestoreOptions? ours = null, params string[] theirs)
    {
        var number = Interlocked.Increment(ref s_count);
        var theirFile = folder.File($"theirs-{number}.db");
        var ourFile = folder.File($"ours-{number}.db");
        await RealLitestream.RestoreAsync(replica, theirFile, theirs);

        await OursAsync(replica, ourFile, ours);

        (await HashAsync(ourFile)).Should().Be(await HashAsync(theirFile), "both restored {0} {1}", replica, string.Join(' ', theirs));
        return ourFile;
    }

    public static async Task<RestoreResult> OursAsync(string replica, string output, RestoreOptions? options = null)
    {
        options ??= new RestoreOptions();
        options.OutputPath = output;
        await using var client = new FileReplicaClient(replica);
        return await client.RestoreAsync(options);
    }

    /// <summary>
    /// True if a restore was refused for a segment that overlaps the next one and has no trailer, so is none of ours: v0.3.13
    /// writes such ones now and then around its stop, and reads them back without looking.
    /// </summary>
    public static bool IsOverlapOfTheRealProgram(string replica, ReplicaCorruptedException refused) =>
        refused.Message.Contains("they overlap", StringComparison.Ordinal)
        && SegmentTrailerCodec.ReadTail(File.ReadAllBytes(Path.Combine(replica, refused.Key!))).Trailer is null;

    public static async Task<string> HashAsync(string file)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream));
    }
}

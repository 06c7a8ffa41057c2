using Litestream.Restore;
using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Fuzz.Targets;

/// <summary>
/// A whole replica by somebody who knows the format (<see cref="ForgedReplica"/>). A restore of it ends with an exception of
/// ours and nothing left, or with one file no larger than what there was.
/// </summary>
internal static class RestoreTarget
{
    private static readonly DateTimeOffset Now = new(2024, 1, 2, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    public static void Run(byte[] input)
    {
        if (input.Length < 2)
        {
            return;
        }

        using var folder = new TempDirectory();
        var replica = new ForgedReplica();
        replica.Read(input.AsSpan(2));
        var options = new RestoreOptions
        {
            OutputPath = folder.File("restored.db"),
            IntegrityCheck = (input[0] & 8) == 0 ? IntegrityCheck.None : IntegrityCheck.Auto,
            Parallelism = 1 + (input[0] >> 6),
        };
        switch (input[0] & 7)
        {
            case 1:
                options.Index = input[1];
                break;
            case 2:
                options.Timestamp = ForgedReplica.Start.AddSeconds(input[1]);
                break;
            case 3:
                options.Position = new ReplicationPosition(ForgedReplica.Generation, input[1] >> 4, 32 + ((input[1] & 15) * ForgedReplica.FrameSize));
                break;
            case 4:
                options.Generation = ForgedReplica.Generation;
                break;
            default:
                break;
        }

        try
        {
            new RestoreRunner(replica.Store, null, NullLogger.Instance, new InstantTimeProvider(Now))
                .RunAsync(options, CancellationToken.None).WaitAsync(Longest).GetAwaiter().GetResult();
            FuzzTarget.Demand(new FileInfo(options.OutputPath).Length <= replica.RawBytes, "the file is larger than all that the replica holds");
            File.Delete(options.OutputPath);
        }
        catch (LitestreamException)
        {
        }

        FuzzTarget.Demand(!Directory.EnumerateFileSystemEntries(folder.Path).Any(), "something is left behind");
    }

    public static IEnumerable<byte[]> Seeds()
    {
        // A snapshot of two pages and three segments of two indexes; what differs is what is asked for, and what the objects lack.
        byte[] image = [0x00, 0, 0, 128, 0, .. Enumerable.Range(0, 128).Select(i => (byte)i)];
        byte[] first = [0x03, 0, 0, 18, 0, 0, 0, 0, 1, 0, 0, 0, 2, 7, 0, 0, 0, 2, 0, 0, 0, 3, 8];
        byte[] second = [0x03, 0, 0, 9, 0, 0, 0, 0, 3, 0, 0, 0, 3, 9];
        byte[] next = [0x03, 1, 0, 9, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1];
        yield return [0, 0, .. image, .. first, .. second, .. next];
        yield return [1, 1, .. image, .. first, .. next];
        yield return [2, 3, .. image, .. first, .. second];
        yield return [3, 2, .. image, .. first, .. second];
        yield return [0, 0, .. image.Select((value, i) => i == 0 ? (byte)1 : value), .. first.Select((value, i) => i == 0 ? (byte)4 : value), .. next];
        yield return [0, 0, .. image, 0x05, 0, 0, 4, 0, 4, 0x22, 0x4D, 0x18];
        yield return [4, 0, .. image, 0x06, 0, 0, 30, 0, .. new byte[30], 0x07, 0, 0, 12, 0, .. "generations/"u8];
    }
}

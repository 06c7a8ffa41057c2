using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Litestream.Testing;

namespace Litestream.Restore;

/// <summary>
/// What the real Litestream v0.3.13 wrote, and what it restored from it. Where it is wrong or stricter than useful the
/// expectation is ours, and each such case is named here.
/// </summary>
public sealed class GoldenRestoreTests
{
    private static readonly string[] OwnVerdicts = ["f_damaged/", "j_", "l_"];

    public static TheoryData<string, string> Recorded()
    {
        var data = new TheoryData<string, string>();
        foreach (var set in GoldenReplica.Sets.Where(set => !OwnVerdicts.Any(prefix => set.StartsWith(prefix, StringComparison.Ordinal))))
        {
            using var replica = new GoldenReplica(set);
            foreach (var restore in replica.Expected.GetProperty("restores").EnumerateArray())
            {
                data.Add(set, restore.GetProperty("label").GetString()!);
            }
        }

        return data;
    }

    public static TheoryData<string, string> Damaged() => new()
    {
        { "f_damaged/bad_frame_checksum", "wal/0000000a_00004080.wal.lz4" },
        { "f_damaged/bitflip_segment", "wal/0000000a_00004080.wal.lz4" },
        { "f_damaged/bitflip_snapshot", "snapshots/00000001.snapshot.lz4" },
        { "f_damaged/empty_segment", "wal/0000000a_00004080.wal.lz4" },
        { "f_damaged/missing_first_segment_of_index", "wal/0000000a_00000000.wal.lz4" },
        { "f_damaged/missing_middle_segment", "wal/0000000a_00001038.wal.lz4" },
        { "f_damaged/missing_whole_index", "wal/0000000a_00000000.wal.lz4" },
        { "f_damaged/overlapping_segment", "wal/0000000a_00001038.wal.lz4" },
        { "f_damaged/truncated_segment", "wal/0000000a_00004080.wal.lz4" },
        { "f_damaged/truncated_segment_at_block_end", "wal/0000000a_00004080.wal.lz4" },
        { "f_damaged/truncated_snapshot", "snapshots/00000001.snapshot.lz4" },

        // No name and no checksum shows these; SQLite does.
        { "f_damaged/missing_last_segment_of_index", "snapshots/00000001.snapshot.lz4" },
        { "l_snapshot_ahead_of_wal", "snapshots/00000000.snapshot.lz4" },
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task Gives_what_Litestream_recorded(string set, string label)
    {
        using var replica = new GoldenReplica(set);
        var restore = Find(replica, label);
        var expected = label switch
        {
            "timestamp after everything" => Find(replica, "latest"),
            "timestamp in the gap between them" => Find(replica, "generation 1"),
            _ => restore,
        };
        using var output = new TempDirectory();
        var options = GoldenReplica.OptionsOf(restore, output.File("restored.db"));
        await using var client = new FileReplicaClient(replica.Path);

        var restoring = () => client.RestoreAsync(options);

        if (expected.GetProperty("exit").GetInt32() != 0 || label == "index past the end")
        {
            await restoring.Should().ThrowAsync<BackupNotFoundException>();
            Directory.EnumerateFileSystemEntries(output.Path).Should().BeEmpty();
            return;
        }

        var result = await restoring();
        HashOf(options.OutputPath).Should().Be(expected.GetProperty("file_sha256").GetString());
        result.DatabaseSize.Should().Be(expected.GetProperty("file_size").GetInt64());
        result.Position.Generation.Should().Be(expected.GetProperty("generation").GetString());
        Directory.EnumerateFileSystemEntries(output.Path).Should().Equal(options.OutputPath);
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public async Task Damage_is_an_error_that_names_the_object(string set, string key)
    {
        using var replica = new GoldenReplica(set);
        using var output = new TempDirectory();
        await using var client = new FileReplicaClient(replica.Path);

        var restoring = () => client.RestoreAsync(new RestoreOptions { OutputPath = output.File("restored.db") });

        var failure = (await restoring.Should().ThrowAsync<ReplicaCorruptedException>()).Which;
        failure.Message.Should().Contain(key);
        failure.Key.Should().EndWith(key);
        Directory.EnumerateFileSystemEntries(output.Path).Should().BeEmpty();
    }

    [Theory]
    [InlineData("f_damaged/bad_frame_checksum")]
    [InlineData("f_damaged/missing_middle_segment")]
    [InlineData("f_damaged/missing_whole_index")]
    public async Task Damage_does_no_harm_to_what_lies_before_it(string set)
    {
        using var undamaged = new GoldenReplica("a_basic_4096");
        using var replica = new GoldenReplica(set);
        using var output = new TempDirectory();
        await using var client = new FileReplicaClient(replica.Path);

        await client.RestoreAsync(new RestoreOptions { OutputPath = output.File("restored.db"), Index = 7 });

        HashOf(output.File("restored.db")).Should().Be(Find(undamaged, "index 7").GetProperty("file_sha256").GetString());
    }

    [Fact]
    public async Task WAL_without_a_snapshot_is_no_backup()
    {
        using var replica = new GoldenReplica("f_damaged/missing_snapshot");
        using var output = new TempDirectory();
        await using var client = new FileReplicaClient(replica.Path);

        var restoring = () => client.RestoreAsync(new RestoreOptions { OutputPath = output.File("restored.db") });

        (await restoring.Should().ThrowAsync<BackupNotFoundException>()).WithMessage("*generations/6b32046f870a29f8/*");
    }

    [Fact]
    public async Task An_index_lost_at_the_end_gives_the_state_before_it()
    {
        using var replica = new GoldenReplica("f_damaged/missing_last_index");
        var expected = Find(replica, "latest");

        (await RestoreAsync(replica)).Should().Be(expected.GetProperty("file_sha256").GetString());
    }

    [Fact]
    public async Task A_hole_below_the_snapshot_does_no_harm()
    {
        using var replica = new GoldenReplica("f_damaged/retention_interrupted");
        using var output = new TempDirectory();
        await using var client = new FileReplicaClient(replica.Path);

        await client.RestoreAsync(new RestoreOptions { OutputPath = output.File("restored.db") });

        HashOf(output.File("restored.db")).Should().Be(RetentionInterruptedHash);
        if (SqliteShell.IsAvailable)
        {
            var dump = await SqliteShell.QueryAsync(output.File("restored.db"), ".dump") + "\n";
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dump)))
                .Should().Be(replica.Expected.GetProperty("undamaged_dump_sha256").GetString());
        }
    }

    [Fact]
    public async Task The_layout_of_v0_3_3_gives_all_of_its_data()
    {
        using var replica = new GoldenReplica("j_v033_file_layout");
        using var madeFrom = new GoldenReplica("b_page_512");

        (await RestoreAsync(replica)).Should().Be(Find(madeFrom, "latest").GetProperty("file_sha256").GetString());
    }

    [Fact]
    public async Task A_frame_that_v0_3_3_was_still_appending_is_left_out()
    {
        using var replica = new GoldenReplica("j_v033_file_layout");
        using var madeFrom = new GoldenReplica("b_page_512");
        var active = Directory.EnumerateFiles(replica.Path, "00000002.wal", SearchOption.AllDirectories).Single();
        await File.AppendAllBytesAsync(active, new byte[300]);

        (await RestoreAsync(replica)).Should().Be(Find(madeFrom, "latest").GetProperty("file_sha256").GetString());
    }

    [Theory]
    [InlineData("with space, ünïcode and %41.db")]
    [InlineData("what?mode=rw#here.db")]
    public async Task Odd_characters_in_the_path_reach_SQLite_as_they_are(string name)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var replica = new GoldenReplica("b_page_512");
        using var output = new TempDirectory();
        await using var client = new FileReplicaClient(replica.Path);

        await client.RestoreAsync(new RestoreOptions { OutputPath = output.File(name) });

        HashOf(output.File(name)).Should().Be(Find(replica, "latest").GetProperty("file_sha256").GetString());
        Directory.EnumerateFileSystemEntries(output.Path).Should().Equal(output.File(name));
    }

    private const string RetentionInterruptedHash = "5f37626008c274d757c06b827f90a3457bf2ec11e5ac49734577bc358940be62";

    private static async Task<string> RestoreAsync(GoldenReplica replica)
    {
        using var output = new TempDirectory();
        await using var client = new FileReplicaClient(replica.Path);
        await client.RestoreAsync(new RestoreOptions { OutputPath = output.File("restored.db") });
        return HashOf(output.File("restored.db"));
    }

    private static JsonElement Find(GoldenReplica replica, string label) =>
        replica.Expected.GetProperty("restores").EnumerateArray().Single(restore => restore.GetProperty("label").GetString() == label);

    private static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}

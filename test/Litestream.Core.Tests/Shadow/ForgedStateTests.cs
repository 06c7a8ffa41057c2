using System.Text;
using Litestream.Testing;

namespace Litestream.Shadow;

/// <summary>Files of the meta directory with any content: what is taken from them is sound, or nothing is taken.</summary>
public sealed class ForgedStateTests
{
    private static readonly string[] Values =
    [
        "", " ", "0", "-1", "1", "00000001", "7fffffff", "80000000", "ffffffffffffffff", "../../../etc", "0123456789abcdef", "0123456789ABCDEF", "4096", "4097", "65536",
        "99999999999999999999", "ShadowTorn", "17", "-17", "2026-01-31T12:00:00.0000000Z", "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "2ac81f00 91b2d3e4",
        "2ac81f00-91b2d3e4", "\0", "é", "1\nindex 2",
    ];

    private static readonly string[] Names = ["generation", "index", "page-size", "salts", "reason", "started", "file-hash", "check", "litestream-net-state"];

    [Fact]
    public void A_state_whose_checksum_is_right_gives_only_what_can_be() => Fuzz.Sample(20_000, seed =>
    {
        var random = new Random(seed);
        var text = new StringBuilder("litestream-net-state 1\n");
        foreach (var name in Names[..7].Where(_ => random.Next(12) > 0))
        {
            var sound = name switch
            {
                "generation" => "0123456789abcdef",
                "index" => "0000002a",
                "page-size" => "4096",
                "salts" => "2ac81f00 91b2d3e4",
                "reason" => "NoneYet",
                "started" => "2026-01-31T12:00:00.0000000Z",
                _ => new string('a', 64),
            };
            text.Append(name).Append(' ').Append(random.Next(4) == 0 ? Values[random.Next(Values.Length)] : sound).Append('\n');
        }

        for (var lines = random.Next(3); lines > 0; lines--)
        {
            text.Append(Names[random.Next(Names.Length)]).Append(' ').Append(Values[random.Next(Values.Length)]).Append('\n');
        }

        var bytes = Encoding.Latin1.GetBytes($"{text}check {Check(text.ToString()):x16}\n");

        var state = ShadowState.Decode(bytes, out var problem);

        if (state is null)
        {
            problem.Should().NotBeNullOrEmpty();
            return;
        }

        // The name becomes a folder.
        Generation.IsName(state.Generation).Should().BeTrue();
        state.Index.Should().BeGreaterThanOrEqualTo(0);
        Litestream.Wal.WalFormat.IsPageSize(state.PageSize).Should().BeTrue();
        ShadowState.Decode(state.Encode(), out _).Should().Be(state);
    });

    [Fact]
    public void Shadows_and_times_of_any_content_give_no_more_than_their_sound_beginning()
    {
        using var folder = new TempDirectory();
        var sample = SampleWal.Create(folder, pageSize: 512);
        Fuzz.Sample(400, seed =>
        {
            var random = new Random(seed);
            var path = folder.File($"{seed:x8}.wal");
            var wal = random.Next(4) == 0 ? RandomBytes(random, random.Next(5000)) : sample.ToArray();
            var damagedAt = random.Next(wal.Length + 1);
            if (damagedAt < wal.Length)
            {
                wal[damagedAt] ^= (byte)random.Next(1, 256);
            }

            File.WriteAllBytes(path, wal[..random.Next(damagedAt, wal.Length + 1)]);
            File.WriteAllBytes(Path.ChangeExtension(path, ".times"), RandomBytes(random, random.Next(80)));
            using var file = new ShadowFile(path, "0123456789abcdef", 0);

            var chain = file.Load();

            file.Length.Should().BeLessThanOrEqualTo(wal.Length);
            (chain is null).Should().Be(file.Length == 0);
            if (file.Length > 0)
            {
                file.Length.Should().BeLessThanOrEqualTo(Math.Max(damagedAt, Litestream.Wal.WalHeader.Size));
                file.CommitTimes(0, file.Length).Where(time => time.EndOffset > file.Length).Should().BeEmpty();
            }

            file.Delete();
        });
    }

    private static byte[] RandomBytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static ulong Check(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in Encoding.ASCII.GetString(Encoding.Latin1.GetBytes(text)))
        {
            hash = (hash ^ character) * 1099511628211UL;
        }

        return hash;
    }
}

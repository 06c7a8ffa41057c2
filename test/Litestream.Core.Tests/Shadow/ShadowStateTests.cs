using System.Text;
using Litestream.Shadow;
using Litestream.Wal;

namespace Litestream.Core.Tests.Shadow;

public sealed class ShadowStateTests
{
    private static readonly ShadowState State = new(
        "0123456789abcdef", 42, 4096, GenerationReason.WalResetWhileAway, new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero).AddTicks(1234567));

    [Fact]
    public void Comes_back_as_it_was_written()
    {
        var begun = State with { Salts = new WalSalts(0x2ac81f00, 0x91b2d3e4) };

        ShadowState.Decode(State.Encode(), out var problem).Should().Be(State);
        ShadowState.Decode(begun.Encode(), out _).Should().Be(begun);

        problem.Should().BeNull();
    }

    [Fact]
    public void Is_a_text_that_a_person_can_read()
    {
        var begun = State with { Salts = new WalSalts(0x2ac81f00, 0x91b2d3e4) };

        Encoding.ASCII.GetString(begun.Encode()).Should().StartWith(
            """
            litestream-net-state 1
            generation 0123456789abcdef
            index 0000002a
            page-size 4096
            salts 2ac81f00 91b2d3e4
            reason WalResetWhileAway
            started 2026-01-31T12:00:00.1234567Z
            check 
            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Is_refused_wherever_it_is_cut_or_changed()
    {
        var bytes = (State with { Salts = new WalSalts(1, 2) }).Encode();
        for (var at = 0; at < bytes.Length - 1; at++)
        {
            ShadowState.Decode(bytes.AsSpan(0, at), out var problem).Should().BeNull();
            problem.Should().NotBeNull();
            var changed = bytes.ToArray();
            changed[at] ^= 1;
            ShadowState.Decode(changed, out problem).Should().BeNull($"byte {at} was changed");
            problem.Should().NotBeNull();
        }
    }

    [Fact]
    public void Of_a_newer_version_says_so()
    {
        var newer = Encoding.ASCII.GetBytes("litestream-net-state 2\nwho knows\n");

        ShadowState.Decode(newer, out var problem).Should().BeNull();

        problem.Should().Contain("newer version");
    }
}

using Litestream.Testing;
using Xunit.Abstractions;

namespace Litestream.Crash.Ordeals;

public sealed class KilledOnAFolderTests(ITestOutputHelper output)
{
    [Fact]
    public Task Nothing_acknowledged_is_missing_on_a_folder_wherever_the_kill_comes() =>
        Fuzz.SampleAsync(count: 1, seed => BankLife.LiveAsync("folder", seed, output));
}

using Litestream.S3;
using Litestream.Testing;
using Xunit.Abstractions;

namespace Litestream.Crash.Ordeals;

[Trait("Category", "RealServer")]
public sealed class KilledOnS3Tests(ITestOutputHelper output)
{
    [S3Fact]
    public Task Nothing_acknowledged_is_missing_on_S3_wherever_the_kill_comes() =>
        Fuzz.SampleAsync(count: 1, seed => BankLife.LiveAsync("S3", seed, output));
}

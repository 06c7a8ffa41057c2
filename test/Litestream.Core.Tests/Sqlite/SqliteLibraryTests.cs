using Litestream.Sqlite;
using SQLitePCL;

namespace Litestream.Core.Tests.Sqlite;

public sealed class SqliteLibraryTests
{
    [Theory]
    [InlineData(3_007_000, false)]
    [InlineData(3_040_001, false)]
    [InlineData(3_044_005, false)]
    [InlineData(3_044_006, true)]
    [InlineData(3_044_099, true)]
    [InlineData(3_045_000, false)]
    [InlineData(3_049_001, false)]
    [InlineData(3_050_006, false)]
    [InlineData(3_050_007, true)]
    [InlineData(3_050_099, true)]
    [InlineData(3_051_000, false)]
    [InlineData(3_051_002, false)]
    [InlineData(3_051_003, true)]
    [InlineData(3_052_000, true)]
    [InlineData(3_053_004, true)]
    [InlineData(4_000_000, true)]
    public void Knows_which_versions_have_the_WAL_reset_fix(int version, bool fixedThere)
    {
        SqliteLibrary.HasWalResetFix(version).Should().Be(fixedThere);
    }

    [Fact]
    public void Takes_the_bundled_library_which_is_new_enough()
    {
        SqliteLibrary.EnsureReady();

        raw.GetNativeLibraryName().Should().Be("e_sqlite3");
        SqliteLibrary.HasWalResetFix(raw.sqlite3_libversion_number()).Should().BeTrue();
    }

    [Fact]
    public void May_be_made_ready_by_many_threads_at_once()
    {
        var all = () => Parallel.For(0, 64, _ => SqliteLibrary.EnsureReady());

        all.Should().NotThrow();
    }
}

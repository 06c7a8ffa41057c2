using Litestream.Cli.Service;

namespace Litestream.Cli;

public sealed class CommandWordsTests
{
    [Theory]
    [InlineData("app", "app")]
    [InlineData("  app  -x\t1 ", "app|-x|1")]
    [InlineData("sh -c 'echo \"a b\"; exit 0'", "sh|-c|echo \"a b\"; exit 0")]
    [InlineData("app \"a 'b'\" ''", "app|a 'b'|")]
    [InlineData("app a\"b c\"d", "app|ab cd")]
    [InlineData("", "")]
    public void A_command_is_split_as_a_shell_does(string command, string words) =>
        string.Join('|', CommandWords.Split(command)).Should().Be(words);

    [Testing.UnixFact]
    public void A_backslash_takes_the_meaning_of_what_follows() =>
        CommandWords.Split(@"app a\ b 'c\d'").Should().Equal("app", "a b", @"c\d");

    [Fact]
    public void A_quote_without_its_end_is_an_error()
    {
        var split = () => CommandWords.Split("app 'x");

        split.Should().Throw<ToolException>().WithMessage("*without its end*");
    }
}

using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Classifier;

[Description("Teach the classifier messages, each a file of its own; of a folder all files in it.")]
internal sealed class TrainClassifier(ITerminal terminal) : AdminCommand<TrainClassifier.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var (seen, learned) = (0, 0);
        foreach (var file in options.Paths.SelectMany(Files))
        {
            FileStream message;
            try { message = File.OpenRead(file); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new UsageFailure($"{file} cannot be read: {e.Message}"); }
            await using (message)
            {
                seen++;
                if ((await server.UploadAsync($"classifier/train?as={(options.Junk ? "junk" : "good")}", message, AdministrationJson.Default.LessonView, cancellationToken)).Learned) learned++;
            }
        }
        printer.Print(new TrainingView(seen, learned), () => printer.Line(string.Create(CultureInfo.InvariantCulture, $"{seen} messages, {learned} of them new.")));
    }

    private static IEnumerable<string> Files(string path) => Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : [path];

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<FILE-OR-FOLDER>")]
        [Description("Messages as they came, or folders of them, such as a Maildir.")]
        public required string[] Paths { get; init; }

        [CommandOption("--junk")]
        [Description("They are junk.")]
        public bool Junk { get; init; }

        [CommandOption("--good")]
        [Description("They are none.")]
        public bool Good { get; init; }

        public override Spectre.Console.ValidationResult Validate()
            => Junk == Good ? Spectre.Console.ValidationResult.Error("say --junk or --good") : Spectre.Console.ValidationResult.Success();
    }
}

Console.WriteLine("infill");
